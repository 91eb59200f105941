import CLinux
public import POSIX

/// Frames from a stream socket, with the buffer between the two.
public struct FrameReader: ~Copyable {
    private static let bufferBytes = 256 << 10

    private var decoder: CodecFrameDecoder
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: bufferBytes,
        alignment: 16
    )
    /// What was received and is not decoded yet.
    private var undecoded = 0..<0

    /// Starts before the first byte of a stream.
    public init(limits: CodecLimits) {
        decoder = CodecFrameDecoder(limits: limits)
    }

    deinit {
        buffer.deallocate()
    }

    /// Whether nothing of a further frame has come.
    public var isBetweenFrames: Bool {
        undecoded.isEmpty && decoder.isBetweenFrames
    }

    /// A frame, if what was received completes one.
    public mutating func next() throws(CodecFault) -> CodecFrame? {
        var bytes = UnsafeRawBufferPointer(rebasing: buffer[undecoded])
        // A frame without header and body is complete with its prefix, so the decoder is asked even
        // when nothing is left.
        let frame = try decoder.next(from: &bytes)
        undecoded = undecoded.upperBound - bytes.count..<undecoded.upperBound
        return frame
    }

    /// Receives once.
    ///
    /// - Precondition: ``next()`` gave `nil`.
    /// - Returns: How many bytes came, 0 at the end of the stream, or a negative errno.
    public mutating func receive(from socket: borrowing FileDescriptor, mayBlock: Bool) -> Int {
        let count = plm_receive(socket.number, buffer.baseAddress, buffer.count, mayBlock)
        undecoded = 0..<max(count, 0)
        return count
    }
}
