/// The memory into which a ``Shard``'s sockets read, one after the other.
///
/// A block of its own for each read would cost more than the read.
final class ReadBuffer: Sendable {
    private static let byteCount = 64 << 10

    /// Only the shard's queue uses it, and nothing of it outlives the event that was read.
    nonisolated(unsafe) let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: byteCount,
        alignment: 16
    )

    deinit {
        bytes.deallocate()
    }
}
