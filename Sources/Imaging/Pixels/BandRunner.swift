/// Runs the bands of a picture, one after the other or on several threads.
///
/// A band is a run of whole rows that needs nothing from another band's result.
public struct BandRunner: Sendable {
    /// Calls `body` once for each index of `0..<count`, in any order and possibly at the same time,
    /// and returns when all calls have returned.
    public let run: @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void

    /// - Parameter run: Keeps the promise of ``run``.
    public init(run: @escaping @Sendable (_ count: Int, _ body: @Sendable (Int) -> Void) -> Void) {
        self.run = run
    }

    /// One band after the other, on the calling thread.
    public static let serial = BandRunner { count, body in
        for index in 0..<count { body(index) }
    }
}
