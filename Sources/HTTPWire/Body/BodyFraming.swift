import HTTPTypes

/// How the end of a request body is determined.
public enum BodyFraming: Sendable, Equatable {
    /// There is no body.
    case none
    /// The body is this many bytes, at least one.
    case length(UInt64)
    /// The body uses the chunked coding.
    case chunked

    /// Determines the framing of a request's body from its head alone.
    ///
    /// Follows RFC 9112 section 6.3, in the order that closes the smuggling holes.
    /// `Transfer-Encoding` together with `Content-Length` is refused rather than resolved, as is a
    /// repeated or listed length even when the numbers agree. A sole `chunked` is the only coding
    /// supported. This reads no body bytes; ``BodyDecoder`` does.
    ///
    /// - Parameters:
    ///   - head: A head that ``RequestHeadDecoder`` has accepted.
    ///   - limits: Supplies the maximum body size.
    /// - Throws: ``HTTPFault/badFraming`` (400), ``HTTPFault/unknownCoding`` (501),
    ///   ``HTTPFault/bodyTooLarge(limit:)`` (413).
    public init(of head: RequestHead, limits: HTTPLimits) throws(HTTPFault) {
        let codings = head.fields[values: .transferEncoding]
        let lengths = head.fields[values: .contentLength]
        if !codings.isEmpty {
            guard lengths.isEmpty, head.version == .http11 else { throw .badFraming }
            guard codings.count == 1, codings[0].equalsIgnoringASCIICase("chunked") else {
                throw .unknownCoding
            }
            self = .chunked
            return
        }
        guard let text = lengths.first else {
            self = .none
            return
        }
        guard lengths.count == 1, !text.isEmpty, text.utf8.allSatisfy(Grammar.isDigit) else {
            throw .badFraming
        }
        guard let length = Grammar.decimal(text.utf8), length <= limits.maxBodyBytes else {
            throw .bodyTooLarge(limit: limits.maxBodyBytes)
        }
        self = length == 0 ? .none : .length(length)
    }
}
