/// Floats that are written once, when they are made, and begin at a cache line.
///
/// It is `Sendable` because nothing writes to the memory after `init`, which nobody else can see before it returns.
final class AlignedFloats: @unchecked Sendable {
    /// The first float; valid as long as this object.
    let start: UnsafePointer<Float>

    private let memory: UnsafeMutableRawBufferPointer

    /// Allocates, and lets `fill` write all of them.
    ///
    /// - Parameters:
    ///   - count: How many, at least 1.
    ///   - fill: Gets the first float; all are zero.
    /// - Throws: What `fill` throws.
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
