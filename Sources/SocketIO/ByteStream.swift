import CLinux
import Glibc

/// What one attempt to move bytes came to.
public enum TransferResult: Sendable, Equatable {
    /// This many bytes were moved, at least one.
    case bytes(Int)
    /// Nothing can be moved until the peer or the network does something.
    case wouldBlock
    /// The peer has ended its direction; only reads say so.
    case end
    /// The connection is broken, with this error number.
    case failed(Int32)
}

/// Moves bytes through a non-blocking descriptor: the seam at which TLS takes the place of plain TCP.
public protocol ByteStream {
    /// Reads into `buffer`, which is not empty.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult
    /// Writes from `buffer`, which is not empty.
    mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult
}

/// TCP as it is.
public struct PlainStream: ByteStream {
    private let descriptor: Int32

    /// Creates a stream over a descriptor that it does not own.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Reads what is there.
    public mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            let number = errno
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            if number == EAGAIN || number == EWOULDBLOCK { return .wouldBlock }
            if number != EINTR { return .failed(number) }
        }
    }

    /// Writes what the socket takes.
    public mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        while true {
            let count = clinux_send(descriptor, buffer.baseAddress, buffer.count)
            let number = errno
            if count >= 0 { return .bytes(count) }
            if number == EAGAIN || number == EWOULDBLOCK { return .wouldBlock }
            if number != EINTR { return .failed(number) }
        }
    }
}
