import CLinux
public import POSIX

/// Reads frames from a stream socket through a buffer.
public struct FrameReader: ~Copyable {
    private static let bufferBytes = 256 << 10

    private var decoder: CodecFrameDecoder
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: bufferBytes,
        alignment: 16
    )
    /// The range of received bytes that are not decoded yet.
    private var undecoded = 0..<0

    /// Creates a reader at the start of a stream.
    public init(limits: CodecLimits) {
        decoder = CodecFrameDecoder(limits: limits)
    }

    deinit {
        buffer.deallocate()
    }

    /// The limits of frames whose lengths are not decoded yet.
    public var limits: CodecLimits {
        get { decoder.limits }
        set { decoder.limits = newValue }
    }

    /// Whether no byte of another frame has arrived.
    public var isBetweenFrames: Bool {
        undecoded.isEmpty && decoder.isBetweenFrames
    }

    /// Returns a frame if the received bytes complete one.
    public mutating func next() throws(CodecFault) -> CodecFrame? {
        var bytes = UnsafeRawBufferPointer(rebasing: buffer[undecoded])
        // Ask the decoder even without bytes: an empty header and body complete a frame.
        let frame = try decoder.next(from: &bytes)
        undecoded = undecoded.upperBound - bytes.count..<undecoded.upperBound
        return frame
    }

    /// Receives bytes once.
    ///
    /// - Precondition: ``next()`` returned `nil`.
    /// - Returns: The number of bytes, 0 at the end of the stream, or a negative errno.
    public mutating func receive(from socket: borrowing FileDescriptor, mayBlock: Bool) -> Int {
        let count = plm_receive(socket.number, buffer.baseAddress, buffer.count, mayBlock)
        undecoded = 0..<max(count, 0)
        return count
    }
}
