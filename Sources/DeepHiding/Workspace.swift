import CKernels

/// The memory that the network works in, kept from one picture to the next.
///
/// It grows to what the largest picture so far needed. One workspace serves one call at a time; the compiler sees to
/// that, since it is passed `inout`.
struct Workspace: Sendable {
    private var floats: [Float] = []

    /// Bytes that are held.
    var byteCount: Int { floats.count * MemoryLayout<Float>.stride }

    /// Lends the two branches of an image, cleared, and the prepared scratch of a sub-module.
    ///
    /// - Parameters:
    ///   - shape: Of the branches.
    ///   - growth: The network's growth.
    ///   - body: Its buffers are aligned to a cache line and do not outlive the call.
    /// - Returns: What `body` returns.
    mutating func withBuffers<Result>(
        _ shape: plm_shape,
        growth: Int,
        _ body: (
            _ cover: UnsafeMutablePointer<Float>, _ secret: UnsafeMutablePointer<Float>,
            _ scratch: UnsafeMutablePointer<Float>
        )
            -> Result
    ) -> Result {
        let branch = plm_branch_floats(shape)
        let needed = 2 * branch + plm_scratch_floats(shape, growth) + Self.alignment
        if floats.count < needed {
            floats = []  // freed before the larger one is made
            floats = [Float](repeating: 0, count: needed)
        }
        return floats.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a workspace is never empty here") }
            let raw = UnsafeMutableRawPointer(start)
            let skipped = (raw.alignedUp(toMultipleOf: Self.alignment * 4) - raw) / MemoryLayout<Float>.stride
            let cover = start + skipped
            let scratch = cover + 2 * branch
            plm_branch_clear(cover, shape)
            plm_branch_clear(cover + branch, shape)
            plm_prepare(scratch, shape)
            return body(cover, cover + branch, scratch)
        }
    }

    /// Floats in a cache line.
    private static let alignment = 16
}
