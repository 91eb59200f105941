import Synchronization

/// Runs the bands of a picture, one after the other or on several threads.
///
/// A band is a run of whole rows that needs nothing from another band's result.
public struct BandRunner: Sendable {
    /// How many bands may run at the same time.
    ///
    /// No result may depend on it, but what is cut into bands costs more than what is not.
    public let threads: Int

    /// Calls `body` once for each index of `0..<count`, in any order and possibly at the same time,
    /// and returns when all calls have returned.
    public let run: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    /// - Parameters:
    ///   - threads: How many bands may run at the same time.
    ///   - run: Keeps the promise of ``run``.
    public init(
        threads: Int = 2,
        run: @escaping @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void
    ) {
        self.threads = threads
        self.run = run
    }

    /// One band after the other, on the calling thread.
    public static let serial = BandRunner(threads: 1) { count, body in
        for index in 0..<count { body(index) }
    }

    /// Makes one value for each index of `0..<count`, possibly at the same time.
    ///
    /// - Returns: The values, in the order of the indices.
    public func map<Value: Sendable>(
        _ count: Int,
        _ body: @Sendable (Int) -> Value
    ) -> [Value] {
        let values = Mutex([Value?](repeating: nil, count: count))
        run(count) { index in
            let value = body(index)
            values.withLock { $0[index] = value }
        }
        return values.withLock { $0.compactMap { $0 } }
    }

    /// Makes two values, possibly at the same time.
    public func both<First: Sendable, Second: Sendable>(
        _ first: @Sendable () -> First,
        _ second: @Sendable () -> Second
    ) -> (First, Second) {
        let values = Mutex<(first: First?, second: Second?)>((nil, nil))
        run(2) { index in
            if index == 0 {
                let value = first()
                values.withLock { $0.first = value }
            } else {
                let value = second()
                values.withLock { $0.second = value }
            }
        }
        guard case (let first?, let second?) = values.withLock({ $0 }) else {
            preconditionFailure("every band runs")
        }
        return (first, second)
    }

    /// Cuts rows into bands, as few as its threads allow.
    ///
    /// - Parameters:
    ///   - count: The number of rows.
    ///   - size: The rows of a band, if there is more than one.
    /// - Returns: The bands, in order; one of all rows on a single thread.
    public func bands(ofRows count: Int, size: Int) -> [Range<Int>] {
        guard threads > 1 else { return [0..<count] }
        return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    }
}
