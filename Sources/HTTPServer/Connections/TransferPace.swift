/// Whether a body arrives fast enough, counting only time spent waiting for it.
///
/// A peer has a grace period and earns time with every byte. This bounds the average rate from
/// below, and an occasional byte cannot hold a connection forever. All times are nanoseconds.
struct TransferPace: Sendable {
    /// The counts of arrived and read bytes at the first measurement.
    private struct Arrivals {
        let total: UInt64
        let receivedBytes: UInt64
    }

    private let grace: UInt64
    private let stall: UInt64
    private let bytesPerSecond: UInt64
    private var receivedBytes: UInt64 = 0
    private var waited: UInt64 = 0
    private var arrivals: Arrivals?
    /// As ``receivedBytes``, but counted at arrival in the kernel.
    private var arrivedBytes: UInt64 = 0

    init(_ timeouts: HTTPTimeouts) {
        grace = timeouts.bodyGrace.nanoseconds
        stall = timeouts.bodyStall.nanoseconds
        bytesPerSecond = max(timeouts.minimumBodyBytesPerSecond, 1)
    }

    mutating func received(_ count: Int) {
        receivedBytes += UInt64(count)
    }

    /// Records the kernel's count of arrived bytes, and returns whether it has grown.
    ///
    /// Bytes count from their arrival, not from when they become readable: a TLS record is readable
    /// only once all of its 16 KiB are there.
    @discardableResult
    mutating func arrived(_ total: UInt64) -> Bool {
        guard let start = arrivals else {
            arrivals = Arrivals(total: total, receivedBytes: receivedBytes)
            return false
        }
        let bytes = start.receivedBytes + (total - start.total)
        defer { arrivedBytes = bytes }
        return bytes > arrivedBytes
    }

    mutating func waited(_ nanoseconds: UInt64) {
        waited += nanoseconds
    }

    /// How long the wait for the next bytes may last.
    var timeout: UInt64 {
        // Split, so that no product overflows for any body within the limits.
        let bytes = max(receivedBytes, arrivedBytes)
        let earned =
            bytes / bytesPerSecond * 1_000_000_000 + bytes % bytesPerSecond * 1_000_000_000
            / bytesPerSecond
        let total = grace + earned
        return min(total > waited ? total - waited : 0, stall)
    }
}

extension Duration {
    /// The duration in whole nanoseconds, 0 if negative.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) * 1_000_000_000
            + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
