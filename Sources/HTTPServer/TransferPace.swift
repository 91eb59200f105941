/// Whether a body comes fast enough, counting only the time in which it is waited for.
///
/// A peer has a grace and earns time with every byte; so the average rate is bounded below, and a byte now and then does not
/// hold a connection for ever. All times are nanoseconds.
struct TransferPace: Sendable {
    /// What had arrived at the kernel, and been read, when that was noted first.
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
    /// As ``receivedBytes``, by what has arrived at the kernel.
    private var arrivedBytes: UInt64 = 0

    init(_ timeouts: HTTPTimeouts) {
        grace = timeouts.bodyGrace.nanoseconds
        stall = timeouts.bodyStall.nanoseconds
        bytesPerSecond = max(timeouts.minimumBodyBytesPerSecond, 1)
    }

    mutating func received(_ count: Int) {
        receivedBytes += UInt64(count)
    }

    /// Notes what has arrived at the kernel, and says whether that is more than when it was noted last.
    ///
    /// Bytes count from their arrival, not from when they can be read: of a record of TLS that is when all of its 16 KiB are there.
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

    /// How long may be waited for the next bytes.
    var patience: UInt64 {
        // Split, so that no product overflows for any body that fits the limits.
        let bytes = max(receivedBytes, arrivedBytes)
        let earned =
            bytes / bytesPerSecond * 1_000_000_000 + bytes % bytesPerSecond * 1_000_000_000 / bytesPerSecond
        let total = grace + earned
        return min(total > waited ? total - waited : 0, stall)
    }
}

extension Duration {
    /// The whole nanoseconds of a duration that is not negative.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }
}
