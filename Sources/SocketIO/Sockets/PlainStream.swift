import CLinux
import Glibc

/// TCP as it is.
public struct PlainStream: ByteStream {
    private let descriptor: Int32

    /// Creates a stream over a descriptor that it does not own.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// There is nothing to agree on.
    public mutating func handshake() -> HandshakeResult { .done }

    /// Reads what is there.
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

    /// Writes what the socket takes.
    public mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        while true {
            let count = clinux_send(descriptor, buffer.baseAddress, buffer.count)
            let number = errno
            if count >= 0 { return .bytes(count) }
            if number == EAGAIN || number == EWOULDBLOCK { return .wantsWritable }
            if number != EINTR { return .failed(number) }
        }
    }

    /// Shuts down the sending direction.
    public mutating func endOutput() {
        // Fails only where the peer has reset the connection, which the next read shows.
        _ = clinux_shutdown_output(descriptor)
    }
}
