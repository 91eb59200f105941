import CZlib

/// Undoes deflate (RFC 1951) piece by piece, by zlib.
///
/// An object, since zlib's state knows its own address.
final class Inflater {
    /// What one step came to.
    struct Step {
        /// How many bytes of the input are consumed.
        let consumed: Int
        /// What became of them.
        let output: [UInt8]
        /// Whether the stream's end has come.
        let isComplete: Bool
        /// Whether what comes next is no deflated stream; the output came before it.
        let isInvalid: Bool
    }

    /// The most bytes that one step gives.
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

    /// Begins another stream.
    func reset() {
        precondition(inflateReset(stream) == Z_OK, "zlib lost its stream")
    }

    /// Goes on with the stream.
    ///
    /// - Parameter input: What comes next; at least one byte.
    /// - Returns: What came of it.
    func step(_ input: UnsafeRawBufferPointer) -> Step {
        let length = min(input.count, Int(UInt32.max))
        // zlib does not write to its input.
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: Bytef.self))
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
            // Z_BUF_ERROR says that nothing could be done with so few bytes.
            isInvalid: code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR
        )
    }
}
