/// Counts waits, each to within 1/64 of its length.
package struct WaitHistogram: Sendable, Equatable {
    private static let bits = 6

    private var counts = [Int](repeating: 0, count: (64 - 6) << 6)
    /// How many waits were counted.
    package private(set) var count = 0
    /// The longest wait.
    package private(set) var longest: Microseconds = 0

    /// Counts nothing yet.
    package init() {}

    /// Counts a wait.
    package mutating func add(_ wait: Microseconds) {
        counts[Self.bucket(wait)] += 1
        count += 1
        longest = max(longest, wait)
    }

    /// Counts the waits of another histogram.
    package mutating func merge(_ other: WaitHistogram) {
        for place in counts.indices { counts[place] += other.counts[place] }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// The wait that a share of all waits does not exceed.
    package func quantile(_ share: Double) -> Microseconds {
        var rest = Int((Double(count) * share).rounded(.up))
        for (place, number) in counts.enumerated() where number > 0 {
            rest -= number
            if rest <= 0 { return min(Self.upperBound(place), longest) }
        }
        return longest
    }

    private static func bucket(_ wait: Microseconds) -> Int {
        let wait = max(wait, 0)
        guard wait >= 1 << bits else { return Int(wait) }
        let shift = 63 - wait.leadingZeroBitCount - bits
        return (shift + 1) << bits + Int(wait >> Int64(shift)) - 1 << bits
    }

    private static func upperBound(_ bucket: Int) -> Microseconds {
        guard bucket >= 1 << bits else { return Int64(bucket) }
        let shift = bucket >> bits - 1
        return (Int64(bucket & (1 << bits - 1) + 1 << bits + 1) << Int64(shift)) - 1
    }
}
