/// The sections of a shared credentials file, in AWS's format.
///
/// Source: "Shared config and credentials files" of the AWS SDKs and Tools Reference Guide.
struct CredentialsProfiles: Equatable {
    /// A line that is neither a section, a setting nor a comment.
    struct Fault: Error, Equatable {
        /// The line's number, from one.
        let line: Int
    }

    /// The settings of each section, names in small letters.
    let settings: [String: [String: String]]

    /// Parses the text of a file.
    ///
    /// - Throws: ``Fault``.
    init(_ text: String) throws(Fault) {
        var found: [String: [String: String]] = [:]
        var section: String?
        // What is indented below a setting without a value belongs to that, as in `s3 =`.
        var isNested = false
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = Self.trimmed(line)
            if words.isEmpty || words.hasPrefix("#") || words.hasPrefix(";") { continue }
            if isNested, line.first?.isWhitespace == true { continue }
            isNested = false
            if words.hasPrefix("["), words.hasSuffix("]") {
                let name = String(Self.trimmed(words.dropFirst().dropLast()))
                section = name
                found[name] = found[name] ?? [:]
                continue
            }
            guard let section, let equals = words.firstIndex(of: "=") else {
                throw Fault(line: index + 1)
            }
            let value = Self.trimmed(words[words.index(after: equals)...])
            isNested = value.isEmpty
            found[section]?[Self.trimmed(words[..<equals]).lowercased()] = String(value)
        }
        settings = found
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        let end = start.lastIndex { !$0.isWhitespace }
        return end.map { start[...$0] } ?? ""
    }
}
