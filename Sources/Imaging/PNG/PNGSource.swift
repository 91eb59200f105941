import CSpng

/// Streams a file to libspng while hiding some of its chunks.
final class PNGSource {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let hidden: [Range<Int>]
    private var offset = 0
    private var nextHidden = 0

    /// Creates a source.
    ///
    /// - Parameters:
    ///   - bytes: The file, which must stay in place while it is read.
    ///   - hidden: The ranges to skip, ascending and without overlap.
    init(_ bytes: UnsafeBufferPointer<UInt8>, without hidden: [Range<Int>]) {
        self.bytes = bytes
        self.hidden = hidden
    }

    /// Makes libspng read from this source, which must be kept alive until the context is freed.
    func attach(to context: OpaquePointer) -> Int32 {
        spng_set_png_stream(
            context,
            { _, source, to, count in
                guard let source, let to else { return Int32(SPNG_IO_ERROR.rawValue) }
                return Unmanaged<PNGSource>.fromOpaque(source).takeUnretainedValue().read(
                    count,
                    to: to
                )
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    /// Copies exactly `count` bytes, or reports the end of the file.
    private func read(_ count: Int, to target: UnsafeMutableRawPointer) -> Int32 {
        var copied = 0
        while copied < count {
            if nextHidden < hidden.count, offset == hidden[nextHidden].lowerBound {
                offset = hidden[nextHidden].upperBound
                nextHidden += 1
                continue
            }
            let end = nextHidden < hidden.count ? hidden[nextHidden].lowerBound : bytes.count
            let length = min(count - copied, end - offset)
            guard length > 0, let start = bytes.baseAddress else { return SPNG_IO_EOF.rawValue }
            (target + copied).copyMemory(from: start + offset, byteCount: length)
            copied += length
            offset += length
        }
        return 0
    }
}
