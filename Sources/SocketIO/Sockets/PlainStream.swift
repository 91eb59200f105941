import CLinux
import Glibc

/// A stream over a descriptor without encryption.
public struct PlainStream: ByteStream {
    private let descriptor: Int32

    /// Creates a stream over a descriptor that it does not own.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Does nothing, because there is no handshake.
    public mutating func handshake() -> HandshakeResult { .done }

    /// Reads the available bytes.
    public mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            let number = errno
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if number == EAGAIN || number == EWOULDBLOCK { return .wantsReadable }
            if number != EINTR { return .failed(number) }
        }
    }

    /// Writes as many bytes as the socket takes.
    public mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        while true {
            let count = clinux_send(descriptor, buffer.baseAddress, buffer.count)
            let number = errno
            if count >= 0 { return .bytes(count) }
            if number == EAGAIN || number == EWOULDBLOCK { return .wantsWritable }
            if number != EINTR { return .failed(number) }
        }
    }

    /// Sets the low-water mark of the socket's input.
    public mutating func setLowWaterMark(_ bytes: Int) {
        // Without it, the descriptor is readable more often.
        _ = clinux_low_water_mark(descriptor, Int32(clamping: bytes))
    }

    /// Shuts down the sending direction.
    public mutating func endOutput() {
        // This fails only if the peer has reset the connection, which the next read reveals.
        _ = clinux_shutdown_output(descriptor)
    }

    /// Does nothing, because closing tells the peer.
    public mutating func prepareToClose() {}
}
