import HTTPTypes

/// Bounds on a multipart body.
public struct MultipartLimits: Sendable, Equatable {
    /// Parts of one body.
    public var maxParts: Int
    /// Bytes of one part's fields, empty line included.
    public var maxPartHeadBytes: Int
    /// Field lines of one part.
    public var maxPartFields: Int

    /// Creates the limits; the defaults are the project's.
    public init(maxParts: Int = 10_100, maxPartHeadBytes: Int = 8 << 10, maxPartFields: Int = 16) {
        self.maxParts = maxParts
        self.maxPartHeadBytes = maxPartHeadBytes
        self.maxPartFields = maxPartFields
    }
}

/// The description of a part of a `multipart/form-data` body.
public struct MultipartPart: Sendable, Equatable {
    /// The form field's name.
    public let name: String
    /// The file's name as the peer gave it; `nil` for a plain field.
    ///
    /// It must not be used as a path.
    public let filename: String?

    /// Creates a description, mainly for tests.
    public init(name: String, filename: String? = nil) {
        self.name = name
        self.filename = filename
    }
}

/// An event found by a ``MultipartDecoder``, in stream order.
public enum MultipartEvent: Sendable, Equatable {
    /// The part's fields are complete.
    case partBegan(MultipartPart)
    /// The next bytes of the part, at least one.
    case partBytes([UInt8])
    /// The part is complete.
    case partEnded
    /// The closing delimiter was found; anything after it is ignored.
    case end
}

extension HTTPFault {
    /// A malformed multipart body.
    ///
    /// The connection survives, since its framing is intact.
    static func multipart(_ detail: String) -> HTTPFault {
        HTTPFault(
            status: .badRequest,
            closesConnection: false,
            code: "multipart_malformed",
            detail: detail
        )
    }

    /// A multipart body beyond a bound of ``MultipartLimits``.
    static func multipartTooLarge(_ detail: String) -> HTTPFault {
        HTTPFault(
            status: .contentTooLarge,
            closesConnection: false,
            code: "multipart_too_large",
            detail: detail
        )
    }
}

/// A streaming decoder for `multipart/form-data` (RFC 7578, RFC 2046 section 5.1).
///
/// The result does not depend on how the bytes are split. The decoder keeps at most the bytes last
/// received plus one delimiter's length. Feed bytes, then take events until there are none:
///
///     decoder.receive(piece)
///     while let event = try decoder.next() { … }
///     // after the body's end:
///     try decoder.finish()
///
/// The states:
///
///     preamble ──delimiter──▶ afterDelimiter ──CRLF──▶ partHead ──empty line──▶ partBody
///                              ▲      └── `--` ──▶ epilogue                        │
///                              └─────────────────── delimiter ─────────────────────┘
public struct MultipartDecoder: Sendable {
    private enum State {
        case preamble
        case afterDelimiter
        case partHead(HTTPFields, count: Int, usedBytes: Int)
        case partBody
        case epilogue
        case failed(HTTPFault)
    }

    private let limits: MultipartLimits
    /// CR LF, two hyphens and the boundary.
    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer = ReceiveBuffer()
    private var discardedPreambleBytes = 0
    private var parts = 0

    /// Creates a decoder for a body of this media type.
    ///
    /// - Throws: A 400 ``HTTPFault`` if the boundary is missing, longer than 70 bytes or has
    ///   characters outside `bchars`.
    public init(
        mediaType: MediaType,
        limits: MultipartLimits = MultipartLimits()
    ) throws(HTTPFault) {
        guard let boundary = mediaType.parameter("boundary"),
            (1...70).contains(boundary.utf8.count),
            boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
            boundary.utf8.last != Grammar.space
        else { throw .multipart("The multipart boundary is missing or malformed.") }
        self.limits = limits
        delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may open the body: supply the line end that it lacks there.
        buffer.append([Grammar.carriageReturn, Grammar.lineFeed])
    }

    /// Gives the decoder the next bytes of the body.
    public mutating func receive(_ bytes: [UInt8]) {
        if case .epilogue = state { return }
        buffer.append(bytes)
    }

    /// Takes the next event; `nil` when more bytes are needed.
    ///
    /// - Throws: An ``HTTPFault`` with the code `multipart_malformed` or `multipart_too_large`, and
    ///   again on every later call.
    public mutating func next() throws(HTTPFault) -> MultipartEvent? {
        do throws(HTTPFault) {
            return try step()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    /// Checks that the closing delimiter was found.
    ///
    /// - Throws: A 400 ``HTTPFault`` if the body is truncated.
    public func finish() throws(HTTPFault) {
        switch state {
        case .epilogue: return
        case .failed(let fault): throw fault
        case .preamble, .afterDelimiter, .partHead, .partBody:
            throw .multipart("The multipart body ends before its closing delimiter.")
        }
    }

    private mutating func step() throws(HTTPFault) -> MultipartEvent? {
        while true {
            switch state {
            case .preamble:
                switch buffer.search(for: delimiter) {
                case .found(let offset):
                    try skipPreamble(offset)
                    buffer.discard(delimiter.count)
                    state = .afterDelimiter
                case .possible(let offset):
                    try skipPreamble(offset)
                    return nil
                }
            case .afterDelimiter:
                guard let isLast = try isClosing() else { return nil }
                if isLast {
                    state = .epilogue
                    buffer = ReceiveBuffer()
                    return .end
                }
                guard parts < limits.maxParts else {
                    throw .multipartTooLarge("The multipart body has too many parts.")
                }
                parts += 1
                state = .partHead([:], count: 0, usedBytes: 0)
            case .partHead(let fields, let count, let usedBytes):
                guard let part = try partHead(fields, count: count, usedBytes: usedBytes) else {
                    if case .partHead(_, let newCount, _) = state, newCount > count { continue }
                    return nil
                }
                state = .partBody
                return .partBegan(part)
            case .partBody:
                switch buffer.search(for: delimiter) {
                case .found(0):
                    buffer.discard(delimiter.count)
                    state = .afterDelimiter
                    return .partEnded
                case .found(let offset):
                    return .partBytes(buffer.take(upTo: offset))
                case .possible(let offset):
                    return offset > 0 ? .partBytes(buffer.take(upTo: offset)) : nil
                }
            case .epilogue:
                return nil
            case .failed(let fault):
                throw fault
            }
        }
    }

    private mutating func skipPreamble(_ count: Int) throws(HTTPFault) {
        discardedPreambleBytes += count
        guard discardedPreambleBytes <= limits.maxPartHeadBytes else {
            throw .multipart("The multipart body does not begin with its boundary.")
        }
        buffer.discard(count)
    }

    /// Reads what follows a delimiter: `--`, or blanks and a line end.
    private mutating func isClosing() throws(HTTPFault) -> Bool? {
        let fault = HTTPFault.multipart("A multipart delimiter is not followed by a line end.")
        guard let first = buffer.byte(at: 0) else { return nil }
        if first == Grammar.hyphen {
            guard let second = buffer.byte(at: 1) else { return nil }
            guard second == Grammar.hyphen else { throw fault }
            return true
        }
        switch buffer.takeLine(maxBytes: 66) {
        case .incomplete:
            if !Grammar.isBlank(first), first != Grammar.carriageReturn { throw fault }
            return nil
        case .line(let line) where line.allSatisfy(Grammar.isBlank):
            return false
        case .line, .malformed, .tooLong:
            throw fault
        }
    }

    /// Reads one field line, or the empty line that completes the head.
    private mutating func partHead(
        _ fields: HTTPFields,
        count: Int,
        usedBytes: Int
    ) throws(HTTPFault) -> MultipartPart? {
        switch buffer.takeLine(maxBytes: limits.maxPartHeadBytes - usedBytes) {
        case .incomplete:
            return nil
        case .tooLong:
            throw .multipartTooLarge("The header fields of a multipart part are too large.")
        case .malformed:
            throw .multipart("A multipart part has a malformed header field.")
        case .line(let line) where line.isEmpty:
            return try Self.part(fields)
        case .line(let line):
            guard count < limits.maxPartFields else {
                throw .multipartTooLarge("A multipart part has too many header fields.")
            }
            guard let field = try? FieldLine.decode(Self.withoutControls(line)) else {
                // `try?` loses nothing: the inner fault only tells which kind of message the field
                // is in.
                throw .multipart("A multipart part has a malformed header field.")
            }
            state = .partHead(
                fields + [field],
                count: count + 1,
                usedBytes: usedBytes + line.count + 2
            )
            return nil
        }
    }

    /// Removes controls from the value of a field line.
    ///
    /// A file name may contain controls, and clients send them unescaped. A request's own head
    /// refuses them, since intermediaries may interpret them differently. Only this service reads a
    /// part, and one odd name must not reject all files.
    private static func withoutControls(_ line: [UInt8]) -> [UInt8] {
        guard let colon = line.firstIndex(of: Grammar.colon),
            !line[colon...].allSatisfy(Grammar.isFieldValue)
        else {
            return line
        }
        return Array(line[...colon]) + line[(colon + 1)...].filter(Grammar.isFieldValue)
    }

    private static func part(_ fields: HTTPFields) throws(HTTPFault) -> MultipartPart {
        guard let text = fields[.contentDisposition], let disposition = ContentDisposition(text),
            disposition.type == "form-data", let name = disposition.name
        else { throw .multipart("A multipart part has no form-data disposition with a name.") }
        return MultipartPart(name: name, filename: disposition.filename)
    }
}
