import HTTPTypes

/// One `name: value` line, as in request heads, trailers and multipart part heads.
struct FieldLine {
    /// Decodes a line whose CR LF has been removed (RFC 9112 section 5).
    ///
    /// Refuses, rather than repairs, folded lines, blanks before the colon, names that are not
    /// tokens and controls in the value.
    static func decode(_ line: [UInt8]) throws(HTTPFault) -> HTTPField {
        guard let colon = line.firstIndex(of: Grammar.colon) else { throw .malformedField }
        let name = line[..<colon]
        let value = Grammar.trimmed(line[(colon + 1)...])
        guard Grammar.isToken(name), value.allSatisfy(Grammar.isFieldValue),
            let fieldName = HTTPField.Name(String(decoding: name, as: UTF8.self))
        else {
            throw line.contains(Grammar.carriageReturn) ? .malformedLineEnding : .malformedField
        }
        return HTTPField(name: fieldName, value: value)
    }
}
