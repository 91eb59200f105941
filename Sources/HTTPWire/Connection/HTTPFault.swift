public import HTTPTypes

/// What is wrong with a peer's request, and what happens to the connection.
///
/// A fault never carries bytes from the peer, so its `detail` may be sent back and logged as is.
public struct HTTPFault: Error, Sendable, Equatable {
    /// The status to answer with.
    public let status: HTTPResponse.Status

    /// Whether the connection ends because the start of the next request is lost, or not worth
    /// finding.
    public let closesConnection: Bool

    /// A stable snake_case name for programs.
    public let code: String

    /// One English sentence for people.
    public let detail: String

    /// Creates a fault.
    public init(
        status: HTTPResponse.Status,
        closesConnection: Bool = true,
        code: String,
        detail: String
    ) {
        self.status = status
        self.closesConnection = closesConnection
        self.code = code
        self.detail = detail
    }
}

// MARK: - Heads

extension HTTPFault {
    /// The request line is not `method SP target SP version`.
    public static let malformedRequestLine = HTTPFault(
        status: .badRequest,
        code: "request_line_malformed",
        detail:
            "The request line must be a method, a target and a version, separated by single spaces."
    )

    /// A line ends in a bare LF, or holds a bare CR.
    public static let malformedLineEnding = HTTPFault(
        status: .badRequest,
        code: "line_ending_malformed",
        detail: "Lines must end in CR LF."
    )

    /// The target's form, percent-encoding or path is invalid.
    public static let malformedTarget = HTTPFault(
        status: .badRequest,
        code: "target_malformed",
        detail:
            "The request target must be a valid path with valid percent-encoded UTF-8 and without dot segments."
    )

    /// The request line is over ``HTTPLimits/maxRequestLineBytes``.
    public static let requestLineTooLong = HTTPFault(
        status: .uriTooLong,
        code: "request_line_too_long",
        detail: "The request line is too long; send fewer or shorter parameters in the query."
    )

    /// The major version is not 1.
    public static let unsupportedVersion = HTTPFault(
        status: .httpVersionNotSupported,
        code: "http_version_unsupported",
        detail: "This server speaks HTTP/1.1 and HTTP/1.0."
    )

    /// A field line is folded, lacks a colon, has a name that is not a token or a control in its
    /// value.
    public static let malformedField = HTTPFault(
        status: .badRequest,
        code: "field_malformed",
        detail:
            "A header field is malformed: each has a name, a colon and a value without control characters, on one line."
    )

    /// The head is over ``HTTPLimits/maxHeadBytes``.
    ///
    /// - Parameter maxBytes: The limit.
    /// - Returns: The fault that names it.
    public static func headTooLarge(maxBytes: Int) -> HTTPFault {
        HTTPFault(
            status: .requestHeaderFieldsTooLarge,
            code: "head_too_large",
            detail:
                "The request head has more than \(maxBytes) bytes; send fewer or shorter header fields."
        )
    }

    /// The head has more than ``HTTPLimits/maxFields`` fields.
    ///
    /// - Parameter maxFields: The limit.
    /// - Returns: The fault that names it.
    public static func tooManyFields(maxFields: Int) -> HTTPFault {
        HTTPFault(
            status: .requestHeaderFieldsTooLarge,
            code: "too_many_fields",
            detail: "The request head has more than \(maxFields) fields; send fewer header fields."
        )
    }

    /// `Host` is missing in HTTP/1.1, repeated or not a valid host.
    public static let badHost = HTTPFault(
        status: .badRequest,
        code: "host_malformed",
        detail: "An HTTP/1.1 request must have exactly one valid Host field."
    )

    /// The connection ended inside a head.
    public static let truncatedHead = HTTPFault(
        status: .badRequest,
        code: "head_truncated",
        detail: "The connection ended before the end of the request head."
    )

    /// `Expect` asks for something other than `100-continue`.
    public static let unknownExpectation = HTTPFault(
        status: .expectationFailed,
        code: "expectation_unknown",
        detail: "The only expectation that can be met is 100-continue."
    )

    /// The method is CONNECT, which only proxies implement.
    public static let connectRefused = HTTPFault(
        status: .notImplemented,
        code: "method_not_implemented",
        detail: "CONNECT is not implemented."
    )
}

// MARK: - Bodies

extension HTTPFault {
    /// Content-Length and Transfer-Encoding contradict each other, themselves or the version.
    public static let badFraming = HTTPFault(
        status: .badRequest,
        code: "framing_malformed",
        detail: "The length of the request body is ambiguous or invalid."
    )

    /// A transfer coding other than a sole `chunked`.
    public static let unknownCoding = HTTPFault(
        status: .notImplemented,
        code: "transfer_coding_unknown",
        detail: "The only transfer coding understood is chunked."
    )

    /// The body is over a limit, such as ``HTTPLimits/maxBodyBytes``.
    public static func bodyTooLarge(limit: UInt64) -> HTTPFault {
        HTTPFault(
            status: .contentTooLarge,
            code: "body_too_large",
            detail:
                "The request body has more than the \(limit) bytes that are accepted here; send it in smaller parts."
        )
    }

    /// A chunk's size line or end is malformed.
    public static let malformedChunk = HTTPFault(
        status: .badRequest,
        code: "chunk_malformed",
        detail: "The chunked body is malformed."
    )

    /// Chunk extensions and trailers are over ``HTTPLimits/maxChunkOverheadBytes``.
    public static let chunkOverheadTooLarge = HTTPFault(
        status: .badRequest,
        code: "chunk_overhead_too_large",
        detail: "The chunk extensions and trailers are too large."
    )

    /// The connection ended inside a body.
    public static let truncatedBody = HTTPFault(
        status: .badRequest,
        code: "body_truncated",
        detail: "The connection ended before the end of the request body."
    )

    /// The server stops before the body has arrived.
    public static let stopping = HTTPFault(
        status: .serviceUnavailable,
        code: "draining",
        detail:
            "The service is stopping and the body did not arrive in time; send the request again later."
    )

    /// The peer is gone and will not read an answer.
    public static let disconnected = HTTPFault(
        status: .badRequest,
        code: "client_disconnected",
        detail: "The client went away."
    )

    /// The head or body arrived too slowly.
    public static let timedOut = HTTPFault(
        status: .requestTimeout,
        code: "request_timeout",
        detail: "The request did not arrive in time."
    )
}

// A registered status (RFC 4918) that HTTPTypes does not name.
extension HTTPResponse.Status {
    /// 507: the disk is too full to take the request.
    public static let insufficientStorage = HTTPResponse.Status(
        code: 507,
        reasonPhrase: "Insufficient Storage"
    )
}
