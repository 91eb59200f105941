/// A protocol violation by the other end of a codec connection.
///
/// There is no recovery: the parent kills a codec that violates the protocol, and a codec exits.
public enum CodecFault: Error, Sendable, Equatable {
    /// A frame does not start with the magic.
    case badMagic
    /// A frame announces a longer header than the limit.
    case headerTooLong(UInt64)
    /// A frame announces a longer body than the limit.
    case bodyTooLong(UInt64)
    /// The header is not the expected JSON; the text says what is wrong and quotes nothing of the
    /// header.
    case badHeader(String)
    /// The stream ended inside a frame.
    case truncated
}

extension CodecFault: CustomStringConvertible {
    /// A clause for a log line or an error message.
    public var description: String {
        switch self {
        case .badMagic: "a frame does not begin with its magic"
        case .headerTooLong(let count): "a frame announces a header of \(count) bytes"
        case .bodyTooLong(let count): "a frame announces a body of \(count) bytes"
        case .badHeader(let what): "a frame's header \(what)"
        case .truncated: "the stream ended inside a frame"
        }
    }
}
