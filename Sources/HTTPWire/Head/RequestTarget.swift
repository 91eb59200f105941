public import HTTPTypes

/// One `name=value` pair of a query.
public struct QueryItem: Sendable, Equatable {
    /// The decoded name.
    public let name: String
    /// The decoded value; empty if there was no `=`.
    public let value: String

    /// Creates an item.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A request target, split and decoded (RFC 9112 section 3.2).
///
/// Origin-form and absolute-form give a path; `*` gives none. Segments are split at slashes
/// *before* percent-decoding, so that `%2F` stays inside a segment. Broken escapes, NUL, invalid
/// UTF-8 and dot segments (plain or escaped) are refused. No client of this service needs them, and
/// every repair is a second opinion about the path.
public struct RequestTarget: Sendable, Equatable {
    /// The path as received, without the query; `*` for the asterisk-form.
    ///
    /// Visible ASCII only.
    public let rawPath: String

    /// The decoded segments: none for `/`; a path that ends in a slash has a last empty one.
    public let segments: [String]

    /// The query items in order, with `+` decoded to a space.
    public let query: [QueryItem]

    /// Creates a target from the bytes between the two spaces of a request line.
    ///
    /// - Throws: ``HTTPFault/malformedTarget``.
    public init(_ bytes: [UInt8], method: HTTPRequest.Method) throws(HTTPFault) {
        guard bytes.allSatisfy(Grammar.isVisible), !bytes.contains(0x23) else {
            throw .malformedTarget
        }
        if bytes == [0x2A] {
            guard method == .options else { throw .malformedTarget }
            self.init(rawPath: "*", segments: [], query: [])
            return
        }
        if method == .connect {
            guard Self.isAuthority(bytes) else { throw .malformedTarget }
            self.init(rawPath: "", segments: [], query: [])
            return
        }
        var rest = bytes[...]
        if bytes.first != Grammar.slash { rest = try Self.withoutOrigin(rest) }
        let path = rest.prefix { $0 != 0x3F }
        let query = rest.dropFirst(path.count + 1)
        self.init(
            rawPath: String(decoding: path, as: UTF8.self),
            segments: try Self.segments(of: path),
            query: try Self.items(of: query)
        )
    }

    /// Creates a target from text such as `/v1/jobs?limit=5`.
    ///
    /// - Throws: ``HTTPFault/malformedTarget``.
    public init(_ text: String) throws(HTTPFault) {
        try self.init(Array(text.utf8), method: .get)
    }

    private init(rawPath: String, segments: [String], query: [QueryItem]) {
        self.rawPath = rawPath
        self.segments = segments
        self.query = query
    }

    /// Returns the value of the first query item with this name.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }

    private static func segments(of path: ArraySlice<UInt8>) throws(HTTPFault) -> [String] {
        guard path.first == Grammar.slash else { throw .malformedTarget }
        var segments: [String] = []
        for part in path.dropFirst().split(
            separator: Grammar.slash,
            omittingEmptySubsequences: false
        ) {
            guard let segment = Grammar.percentDecoded(part), segment != ".", segment != ".." else {
                throw .malformedTarget
            }
            segments.append(segment)
        }
        return segments == [""] ? [] : segments
    }

    private static func items(of query: ArraySlice<UInt8>) throws(HTTPFault) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in query.split(separator: 0x26) {
            let name = part.prefix { $0 != 0x3D }
            guard let decodedName = Grammar.percentDecoded(name, plusIsSpace: true),
                let value = Grammar.percentDecoded(
                    part.dropFirst(name.count + 1),
                    plusIsSpace: true
                )
            else { throw .malformedTarget }
            items.append(QueryItem(name: decodedName, value: value))
        }
        return items
    }

    /// Removes `http://authority` from an absolute-form, which every server must accept.
    private static func withoutOrigin(
        _ bytes: ArraySlice<UInt8>
    ) throws(HTTPFault) -> ArraySlice<UInt8> {
        for scheme in ["http://", "https://"] {
            let prefix = bytes.prefix(scheme.utf8.count).map(Grammar.lowercased)
            guard prefix == Array(scheme.utf8) else { continue }
            let rest = bytes.dropFirst(scheme.utf8.count)
            let authority = rest.prefix { $0 != Grammar.slash && $0 != 0x3F }
            guard !authority.isEmpty, isAuthority(Array(authority)) else { throw .malformedTarget }
            let path = rest.dropFirst(authority.count)
            return path.first == Grammar.slash ? path : [Grammar.slash] + path
        }
        throw .malformedTarget
    }

    /// Whether bytes are `uri-host [ ":" port ]`.
    ///
    /// The empty authority is valid, as RFC 9110 section 7.2 allows for `Host`. User information is
    /// refused (RFC 9110 section 4.2.4).
    static func isAuthority(_ bytes: [UInt8]) -> Bool {
        var host = bytes[...]
        if bytes.first == 0x5B {
            guard let end = bytes.firstIndex(of: 0x5D) else { return false }
            let literal = bytes[1..<end]
            guard !literal.isEmpty,
                literal.allSatisfy({ isUnreservedOrSubDelimiter($0) || $0 == Grammar.colon })
            else {
                return false
            }
            host = bytes[(end + 1)...]
            guard host.isEmpty || host.first == Grammar.colon else { return false }
        }
        let name = host.prefix { $0 != Grammar.colon }
        let port = host.dropFirst(name.count + 1)
        return name.allSatisfy { isUnreservedOrSubDelimiter($0) || $0 == Grammar.percent }
            && port.count <= 5 && port.allSatisfy(Grammar.isDigit)
    }

    private static func isUnreservedOrSubDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x2D, 0x2E, 0x5F, 0x7E: true
        case 0x21, 0x24, 0x26...0x2C, 0x3B, 0x3D: true
        default: false
        }
    }
}
