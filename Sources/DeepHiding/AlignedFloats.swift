/// An immutable array of floats that starts on a cache line (64 bytes).
///
/// `@unchecked Sendable` is sound because only `init` writes to the memory, before anyone else can
/// see the object.
final class AlignedFloats: @unchecked Sendable {
    /// The first float; valid for the lifetime of this object.
    let start: UnsafePointer<Float>

    private let memory: UnsafeMutableRawBufferPointer

    /// Allocates the floats and lets `fill` write them.
    ///
    /// - Parameters:
    ///   - count: The number of floats, at least 1.
    ///   - fill: Receives a pointer to the first float; all floats are zero.
    /// - Throws: The error that `fill` throws.
    init<Failure: Error>(
        count: Int,
        _ fill: (UnsafeMutablePointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(count > 0)
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: count * MemoryLayout<Float>.stride,
            alignment: 64
        )
        let floats = memory.bindMemory(to: Float.self)
        floats.initialize(repeating: 0)
        guard let start = floats.baseAddress else { preconditionFailure("it is not empty") }
        do { try fill(start) } catch {
            memory.deallocate()
            throw error
        }
        self.memory = memory
        self.start = UnsafePointer(start)
    }

    deinit { memory.deallocate() }
}
