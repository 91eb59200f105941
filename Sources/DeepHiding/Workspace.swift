import CKernels

/// The memory that the network works in, kept from one picture to the next.
///
/// It grows to what the largest picture so far needed. One workspace serves one call at a time; the compiler sees to
/// that, since it is passed `inout`.
public struct Workspace: Sendable {
    private var floats: [Float] = []

    /// Makes an empty one; the first picture gives it its size.
    public init() {}

    /// Bytes that are held.
    var byteCount: Int { floats.count * MemoryLayout<Float>.stride }

    /// Lends the two branches of a picture (band images of the kernel) and the prepared scratch of a sub-module.
    ///
    /// - Parameters:
    ///   - size: Columns and rows of the wavelet coefficients.
    ///   - growth: The network's growth.
    ///   - body: Its buffers are aligned to a cache line and do not outlive the call.
    /// - Returns: What `body` returns.
    mutating func withBuffers<Result>(
        size: (width: Int, height: Int),
        growth: Int,
        _ body: (
            _ cover: UnsafeMutablePointer<Float>, _ secret: UnsafeMutablePointer<Float>,
            _ scratch: UnsafeMutablePointer<Float>
        )
            -> Result
    ) -> Result {
        let band = plm_band_floats(size.width, size.height, Int(PLM_WAVELET_CHANNELS))
        let needed = 2 * band + plm_dense_scratch_floats(size.width, size.height, growth) + Self.alignment
        if floats.count < needed {
            floats = []  // freed before the larger one is made
            floats = [Float](repeating: 0, count: needed)
        }
        return floats.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a workspace is never empty here") }
            let raw = UnsafeMutableRawPointer(start)
            let skipped = (raw.alignedUp(toMultipleOf: Self.alignment * 4) - raw) / MemoryLayout<Float>.stride
            let cover = start + skipped
            let scratch = cover + 2 * band
            plm_dense_prepare(scratch, size.width, size.height, growth)
            return body(cover, cover + band, scratch)
        }
    }

    /// Floats in a cache line.
    private static let alignment = 16
}
