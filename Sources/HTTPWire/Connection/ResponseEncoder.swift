public import HTTPTypes

/// How long a response body will be, as far as the handler knows.
public enum ResponseLength: Sendable, Equatable {
    /// Exactly this many bytes; zero for no body.
    case known(UInt64)
    /// Unknown until the body ends.
    case unknown
}

/// Turns responses into bytes (RFC 9112 sections 4 and 7.1).
public enum ResponseEncoder {
    /// The interim response that lets a waiting peer send its body.
    public static let continueHead = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// The end of a chunked body.
    public static let lastChunk = Array("0\r\n\r\n".utf8)

    /// Encodes a status line and fields, through the empty line.
    ///
    /// A line end inside a value would let its author write the rest of the response. Every byte
    /// not allowed in a value therefore becomes a space here, whatever the type that carried it
    /// promised.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - fields: The fields.
    ///   - lines: Further fields as ``lines(_:)`` encodes them.
    /// - Returns: The head.
    public static func head(
        status: HTTPResponse.Status,
        fields: HTTPFields,
        lines: [UInt8] = []
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(usualHeadBytes + lines.count)
        bytes += "HTTP/1.1 ".utf8
        bytes += String(status.code).utf8
        bytes.append(Grammar.space)
        append(status.reasonPhrase.utf8, to: &bytes)
        append(lineEnd: &bytes)
        for field in fields { append(field, to: &bytes) }
        bytes += lines
        append(lineEnd: &bytes)
        return bytes
    }

    /// Encodes fields that many responses share, each with its line end.
    public static func lines(_ fields: HTTPFields) -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields { append(field, to: &bytes) }
        return bytes
    }

    private static let usualHeadBytes = 512

    private static func append(_ field: HTTPField, to bytes: inout [UInt8]) {
        bytes += field.name.rawName.utf8
        bytes.append(Grammar.colon)
        bytes.append(Grammar.space)
        field.withUnsafeBytesOfValue { append($0, to: &bytes) }
        append(lineEnd: &bytes)
    }

    private static func append(lineEnd bytes: inout [UInt8]) {
        bytes.append(Grammar.carriageReturn)
        bytes.append(Grammar.lineFeed)
    }

    /// Encodes the size line of a chunk of `count` bytes, at least one.
    public static func chunkHead(count: Int) -> [UInt8] {
        Array((String(count, radix: 16) + "\r\n").utf8)
    }

    /// The line end after the bytes of a chunk.
    static let chunkEnd: [UInt8] = [Grammar.carriageReturn, Grammar.lineFeed]

    private static func append(_ value: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        for byte in value { bytes.append(Grammar.isFieldValue(byte) ? byte : Grammar.space) }
    }
}
