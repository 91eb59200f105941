/// A media type such as `multipart/form-data; boundary=x` (RFC 9110 section 8.3.1).
public struct MediaType: Sendable, Equatable {
    /// Type and subtype in lower case, without parameters: `image/jpeg`.
    public let essence: String

    private let names: [String]
    private let values: [String]

    /// Decodes the value of a `Content-Type` field; `nil` if it is malformed.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        let essence = Grammar.trimmed(bytes.prefix { $0 != 0x3B })
        let halves = essence.split(separator: Grammar.slash, omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ Grammar.isToken($0) }),
            let parameters = Parameters.decode(bytes[bytes.prefix { $0 != 0x3B }.count...])
        else { return nil }
        self.essence = String(decoding: essence.map(Grammar.lowercased), as: UTF8.self)
        names = parameters.map(\.name)
        values = parameters.map(\.value)
    }

    /// The part of the essence before the slash.
    public var type: String { String(essence.prefix { $0 != "/" }) }

    /// Returns the value of a parameter by its lower-case name.
    public func parameter(_ name: String) -> String? {
        names.firstIndex(of: name).map { values[$0] }
    }
}
