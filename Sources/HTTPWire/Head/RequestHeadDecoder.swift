import HTTPTypes

/// Decodes a request head line by line, however its bytes are split.
///
/// It refuses rather than repairs (RFC 9112 sections 2.2, 3, 5): bare CR or LF, more than one space
/// in the request line, folded lines, blanks before a colon, names that are not tokens, NUL and
/// other controls, and a missing, repeated or invalid `Host`. One empty line before the request
/// line is skipped, as the RFC asks. A head is refused as soon as it exceeds a limit; bytes beyond
/// the limit are never kept.
public struct RequestHeadDecoder: Sendable {
    private enum State {
        case awaitingRequestLine(skippedEmptyLine: Bool)
        case readingFields(RequestHead, count: Int)
    }

    private let limits: HTTPLimits
    private var state = State.awaitingRequestLine(skippedEmptyLine: false)
    private var usedBytes = 0

    /// Creates a decoder for one head.
    public init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Whether a line of the head has been consumed.
    public var hasBegun: Bool { usedBytes > 0 }

    /// Consumes the part of the head that `buffer` holds.
    ///
    /// - Returns: The head once it is complete, with the buffer at the first byte after it; `nil`
    ///   if more bytes are needed.
    /// - Throws: The fault of the first offence; the decoder must not be used afterwards.
    public mutating func decode(_ buffer: inout ReceiveBuffer) throws(HTTPFault) -> RequestHead? {
        while true {
            switch state {
            case .awaitingRequestLine(let skippedEmptyLine):
                // Refuse bytes that cannot begin a request (a TLS greeting, say) at once rather
                // than at the deadline.
                if let first = buffer.first, !Grammar.isToken(first),
                    first != Grammar.carriageReturn
                {
                    throw first == Grammar.lineFeed ? .malformedLineEnding : .malformedRequestLine
                }
                guard let line = try takeLine(&buffer, maxBytes: limits.maxRequestLineBytes) else {
                    return nil
                }
                if line.isEmpty {
                    guard !skippedEmptyLine else { throw .malformedRequestLine }
                    state = .awaitingRequestLine(skippedEmptyLine: true)
                } else {
                    state = .readingFields(try Self.requestLine(line), count: 0)
                }
            case .readingFields(var head, let count):
                guard let line = try takeLine(&buffer, maxBytes: .max) else { return nil }
                if line.isEmpty {
                    try Self.check(&head)
                    return head
                }
                guard count < limits.maxFields else {
                    throw .tooManyFields(maxFields: limits.maxFields)
                }
                head.fields.append(try FieldLine.decode(line))
                state = .readingFields(head, count: count + 1)
            }
        }
    }

    /// Takes a line; only the request line has its own limit.
    private mutating func takeLine(
        _ buffer: inout ReceiveBuffer,
        maxBytes: Int
    ) throws(HTTPFault) -> [UInt8]? {
        let headRemaining = limits.maxHeadBytes - usedBytes
        switch buffer.takeLine(maxBytes: min(maxBytes, headRemaining)) {
        case .incomplete: return nil
        case .tooLong:
            throw maxBytes <= headRemaining
                ? .requestLineTooLong : .headTooLarge(maxBytes: limits.maxHeadBytes)
        case .malformed: throw .malformedLineEnding
        case .line(let line):
            usedBytes += line.count + 2
            return line
        }
    }

    private static func requestLine(_ line: [UInt8]) throws(HTTPFault) -> RequestHead {
        guard !line.contains(Grammar.carriageReturn) else { throw .malformedLineEnding }
        let parts = line.split(separator: Grammar.space, omittingEmptySubsequences: false)
        guard parts.count == 3, Grammar.isToken(parts[0]), !parts[1].isEmpty,
            let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self))
        else { throw .malformedRequestLine }
        let version = try version(Array(parts[2]))
        let target = try RequestTarget(Array(parts[1]), method: method)
        return RequestHead(method: method, target: target, version: version, fields: [:])
    }

    /// Parses `HTTP-version = "HTTP/" DIGIT "." DIGIT`, case-sensitively.
    private static func version(_ bytes: [UInt8]) throws(HTTPFault) -> HTTPVersion {
        guard bytes.count == 8, bytes.starts(with: Array("HTTP/".utf8)), Grammar.isDigit(bytes[5]),
            bytes[6] == 0x2E, Grammar.isDigit(bytes[7])
        else { throw .malformedRequestLine }
        guard bytes[5] == 0x31 else { throw .unsupportedVersion }
        return bytes[7] == 0x30 ? .http10 : .http11
    }

    private static func check(_ head: inout RequestHead) throws(HTTPFault) {
        let hosts = head.fields[values: HTTPField.Name.host]
        guard hosts.count == 1 || (hosts.isEmpty && head.version == .http10) else { throw .badHost }
        if let host = hosts.first, !RequestTarget.isAuthority(Array(host.utf8)) { throw .badHost }
        if head.method == .connect { throw .connectRefused }
        let expectations = head.fields[values: .expect]
        let isKnown =
            expectations.count == 1 && expectations[0].equalsIgnoringASCIICase("100-continue")
        if head.version == .http11, !expectations.isEmpty, !isKnown { throw .unknownExpectation }
    }
}

extension HTTPField.Name {
    /// `Host`, which HTTPTypes offers only as a pseudo-field.
    static let host: HTTPField.Name = {
        guard let name = HTTPField.Name("Host") else { preconditionFailure("Host is a token.") }
        return name
    }()
}
