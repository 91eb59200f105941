/// The result of one attempt to read or write.
public enum TransferResult: Sendable, Equatable {
    /// This many bytes were transferred, at least one.
    case bytes(Int)
    /// Nothing can be transferred until the descriptor is readable.
    case wantsReadable
    /// Nothing can be transferred until the descriptor is writable.
    case wantsWritable
    /// The peer has ended its direction; only reads return this.
    case end
    /// The connection failed with this errno.
    case failed(Int32)
}

/// The result of one step of a handshake.
public enum HandshakeResult: Sendable, Equatable {
    /// The handshake is complete; bytes may be transferred.
    case done
    /// The handshake can continue once the descriptor is readable.
    case wantsReadable
    /// The handshake can continue once the descriptor is writable.
    case wantsWritable
    /// The connection failed with this errno.
    case failed(Int32)
}

/// A byte stream over a non-blocking descriptor that it does not own: plain or TLS.
///
/// A read may need the descriptor to be writable, and a write readable, because TLS exchanges
/// messages of its own.
public protocol ByteStream {
    /// Continues the handshake; call it until it is done, before anything else.
    mutating func handshake() -> HandshakeResult
    /// Reads into `buffer`, which must not be empty.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult
    /// Writes from `buffer`, which must not be empty.
    ///
    /// After any result but bytes, the next write must start with the same bytes.
    mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult
    /// Asks that the descriptor become readable only once it has so many bytes, or the peer has
    /// ended its direction, as far as that saves anything.
    mutating func setLowWaterMark(_ bytes: Int)
    /// Tells the peer that nothing more will come, as far as that is possible without waiting.
    mutating func endOutput()
    /// Tells the peer the same where closing the descriptor, which comes next, does not.
    mutating func prepareToClose()
}
