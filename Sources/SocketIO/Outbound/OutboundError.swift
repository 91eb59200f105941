/// Why a request to another machine got no answer.
public enum OutboundError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The host's name leads to no address.
    case hostUnknown
    /// No address took a connection.
    case refused
    /// The TLS handshake failed, such as for a certificate that is not the host's.
    case untrusted
    /// The connection broke.
    case broken
    /// The time was up.
    case timeout

    /// A sentence for whoever chose the address.
    public var description: String {
        switch self {
        case .hostUnknown: "The host's name leads to no address."
        case .refused: "The host takes no connection."
        case .untrusted: "The TLS handshake failed, or the certificate is not to be trusted."
        case .broken: "The connection broke."
        case .timeout: "The time was up."
        }
    }
}
