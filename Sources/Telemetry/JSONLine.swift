/// Writes one JSON object as one line of text, by hand: a log line is on the hot path and needs no coder.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]
    /// Whether the next key stands first in its object.
    private var isFirst = true

    /// Adds a string.
    mutating func add(_ key: String, _ value: String) {
        addKey(key)
        append(quoted: value)
    }

    /// Opens an object under a key, fills it and closes it.
    mutating func add(_ key: String, object fill: (inout JSONLine) -> Void) {
        addKey(key)
        appendObject(fill)
    }

    /// Opens an array under a key and closes it behind its elements.
    mutating func add<Element>(_ key: String, array: [Element], element: (inout JSONLine, Element) -> Void) {
        addKey(key)
        appendArray(array, element: element)
    }

    /// Writes a value where an element of an array stands.
    mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += Array(#"\""#.utf8)
            case "\\": bytes += Array(#"\\"#.utf8)
            case "\n": bytes += Array(#"\n"#.utf8)
            case "\r": bytes += Array(#"\r"#.utf8)
            case "\t": bytes += Array(#"\t"#.utf8)
            // Controls of C0 and C1, and the two separators that some readers of logs take for ends of lines.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes += Array(#"\u"#.utf8)
                bytes += Array((String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: bytes += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes an object where an element of an array stands.
    mutating func appendObject(_ fill: (inout JSONLine) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        let outer = isFirst
        isFirst = true
        fill(&self)
        isFirst = outer
        bytes.append(UInt8(ascii: "}"))
    }

    /// Writes an array where an element of an array stands.
    mutating func appendArray<Element>(_ array: [Element], element: (inout JSONLine, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, value) in array.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            element(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// Closes the object and the line.
    mutating func end() {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
    }

    private mutating func addKey(_ key: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        append(quoted: key)
        bytes.append(UInt8(ascii: ":"))
    }
}
