/// What one end of the codec protocol finds wrong with the bytes of the other.
///
/// There is no repair: the parent ends a codec that sends such bytes, and a codec ends itself.
public enum CodecFault: Error, Sendable, Equatable {
    /// The stream does not stand at the beginning of a frame.
    case badMagic
    /// A header announces more bytes than the limit.
    case headerTooLong(UInt64)
    /// A body announces more bytes than the limit.
    case bodyTooLong(UInt64)
    /// The header is not the JSON that belongs here; the text says what is missing, in our words.
    case badHeader(String)
    /// The stream ended inside a frame.
    case truncated
}

extension CodecFault: CustomStringConvertible {
    /// One clause for a log line or a reason.
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
