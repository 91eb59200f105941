/// The `; name=value` tail shared by media types and content dispositions (RFC 9110 section 5.6.6).
struct Parameters {
    /// Decodes parameters, with lower-cased names and unquoted strings.
    ///
    /// Only `\"` and `\\` count as escapes: browsers send file names with lone backslashes in
    /// quoted strings.
    ///
    /// - Returns: The parameters in order, or `nil` if the text is malformed or a name is repeated.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [(name: String, value: String)]? {
        var parameters: [(name: String, value: String)] = []
        var rest = Grammar.trimmed(bytes)
        while !rest.isEmpty {
            guard rest.first == 0x3B else { return nil }
            rest = Grammar.trimmed(rest.dropFirst())
            // An empty parameter (`; ;`, or a `;` at the end) is allowed.
            guard let first = rest.first, first != 0x3B else { continue }
            let name = rest.prefix(while: Grammar.isToken)
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty, rest.first == 0x3D else { return nil }
            rest = rest.dropFirst()
            guard let value = rest.first == 0x22 ? quotedString(&rest) : token(&rest) else {
                return nil
            }
            let lowercasedName = String(decoding: name.map(Grammar.lowercased), as: UTF8.self)
            guard !parameters.contains(where: { $0.name == lowercasedName }) else { return nil }
            parameters.append((lowercasedName, value))
            rest = Grammar.trimmed(rest)
        }
        return parameters
    }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> String? {
        let value = rest.prefix(while: Grammar.isToken)
        guard !value.isEmpty else { return nil }
        rest = rest.dropFirst(value.count)
        return String(decoding: value, as: UTF8.self)
    }

    private static func quotedString(_ rest: inout ArraySlice<UInt8>) -> String? {
        var value: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case 0x22:
                return String(decoding: value, as: UTF8.self)
            case 0x5C where rest.first == 0x22 || rest.first == 0x5C:
                if let escaped = rest.popFirst() { value.append(escaped) }
            case _ where Grammar.isFieldValue(byte):
                value.append(byte)
            default:
                return nil
            }
        }
        return nil
    }
}
