import CKernels

/// The network's working memory, reused from one picture to the next.
///
/// It grows to the largest picture so far. A workspace serves one call at a time, which the
/// compiler enforces because it is `inout`.
struct Workspace: Sendable {
    private var floats: [Float] = []

    /// The size of the memory in bytes.
    var byteCount: Int { floats.count * MemoryLayout<Float>.stride }

    /// Calls `body` with an image's two zeroed branches and scratch buffers prepared for the kernel.
    ///
    /// - Parameters:
    ///   - shape: The shape of the branches.
    ///   - growth: The network's growth.
    ///   - threads: The number of scratch buffers, at least 1.
    ///   - body: Receives the buffers, which start on cache lines and are valid only during the
    ///     call.
    /// - Returns: The result of `body`.
    mutating func withBuffers<Result>(
        _ shape: plm_shape,
        growth: Int,
        threads: Int,
        _ body: (
            _ cover: UnsafeMutablePointer<Float>, _ secret: UnsafeMutablePointer<Float>,
            _ scratches: [UnsafeMutablePointer<Float>]
        )
            -> Result
    ) -> Result {
        let branch = plm_branch_floats(shape)
        let lines = (plm_scratch_floats(shape, growth) + Self.alignment - 1) / Self.alignment
        let scratch = lines * Self.alignment
        let needed = 2 * branch + threads * scratch + Self.alignment
        if floats.count < needed {
            floats = []  // freed before the larger one is made
            floats = [Float](repeating: 0, count: needed)
        }
        return floats.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("a workspace is never empty here")
            }
            let raw = UnsafeMutableRawPointer(start)
            let skipped =
                (raw.alignedUp(toMultipleOf: Self.alignment * 4) - raw) / MemoryLayout<Float>.stride
            let cover = start + skipped
            let scratches = (0..<threads).map { cover + 2 * branch + $0 * scratch }
            plm_branch_clear(cover, shape)
            plm_branch_clear(cover + branch, shape)
            for scratch in scratches { plm_prepare(scratch, shape) }
            return body(cover, cover + branch, scratches)
        }
    }

    /// The number of floats in a cache line.
    private static let alignment = 16
}
