import CZlib

/// An incremental deflate decompressor (RFC 1951), on top of zlib.
///
/// It is a class because zlib's state holds its own address.
final class Inflater {
    /// The result of one step.
    struct Step {
        /// The number of input bytes consumed.
        let consumed: Int
        /// The decompressed bytes.
        let output: [UInt8]
        /// Whether the end of the stream was reached.
        let isComplete: Bool
        /// Whether the following input is not valid deflate; the output precedes it.
        let isInvalid: Bool
    }

    /// The maximum number of bytes per step.
    private static let pieceBytes = 64 << 10

    private let stream: UnsafeMutablePointer<z_stream>

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        precondition(plm_inflate_init_raw(stream) == Z_OK, "zlib has no memory for a stream")
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Starts a new stream.
    func reset() {
        precondition(inflateReset(stream) == Z_OK, "zlib lost its stream")
    }

    /// Continues the stream.
    ///
    /// - Parameter input: The next input, at least one byte.
    /// - Returns: The result.
    func step(_ input: UnsafeRawBufferPointer) -> Step {
        let length = min(input.count, Int(UInt32.max))
        // zlib does not write to its input.
        stream.pointee.next_in = UnsafeMutablePointer(
            mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self)
        )
        stream.pointee.avail_in = UInt32(length)
        var code = Z_OK
        let output = [UInt8](unsafeUninitializedCapacity: Self.pieceBytes) { buffer, count in
            stream.pointee.next_out = buffer.baseAddress
            stream.pointee.avail_out = UInt32(buffer.count)
            code = inflate(stream, Z_NO_FLUSH)
            count = buffer.count - Int(stream.pointee.avail_out)
        }
        return Step(
            consumed: length - Int(stream.pointee.avail_in),
            output: output,
            isComplete: code == Z_STREAM_END,
            // Z_BUF_ERROR only means that no progress was possible with this input.
            isInvalid: code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR
        )
    }
}
