/// What one attempt to move bytes came to.
public enum TransferResult: Sendable, Equatable {
    /// This many bytes were moved, at least one.
    case bytes(Int)
    /// Nothing can be moved before the descriptor is readable.
    case wantsReadable
    /// Nothing can be moved before the descriptor is writable.
    case wantsWritable
    /// The peer has ended its direction; only reads say so.
    case end
    /// The connection is broken, with this error number.
    case failed(Int32)
}

/// What one attempt to agree with the peer on how to speak came to.
public enum HandshakeResult: Sendable, Equatable {
    /// Bytes may be moved.
    case done
    /// There is more to do once the descriptor is readable.
    case wantsReadable
    /// There is more to do once the descriptor is writable.
    case wantsWritable
    /// The connection is broken, with this error number.
    case failed(Int32)
}

/// Moves bytes through a non-blocking descriptor that it does not own: the seam at which TLS takes
/// the place of plain TCP.
///
/// A read may want the descriptor to be writable, and the reverse: TLS has messages of its own.
public protocol ByteStream {
    /// Goes on with the handshake; called again until it is done, and before anything else.
    mutating func handshake() -> HandshakeResult
    /// Reads into `buffer`, which is not empty.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult
    /// Writes from `buffer`, which is not empty.
    ///
    /// After a result other than bytes the next write begins with the same bytes.
    mutating func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult
    /// Tells the peer that nothing more will come, as far as that goes without waiting.
    mutating func endOutput()
}
