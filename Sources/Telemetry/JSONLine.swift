/// Writes one JSON object as one line of text.
///
/// A log line is on the hot path, so it is written by hand rather than by a coder.
struct JSONLine {
    private(set) var bytes: [UInt8] = [UInt8(ascii: "{")]
    /// Whether the next key is the first of its object.
    private var isFirst = true

    /// Adds a string.
    mutating func add(_ key: String, _ value: String) {
        addKey(key)
        append(quoted: value)
    }

    /// Adds a number or a truth value as JSON has them, and anything else as a string.
    mutating func add(_ key: String, scalar value: any CustomStringConvertible) {
        addKey(key)
        append(scalar: value)
    }

    /// Adds an object under a key.
    mutating func add(_ key: String, object fill: (inout JSONLine) -> Void) {
        addKey(key)
        appendObject(fill)
    }

    /// Adds an array under a key.
    mutating func add<Element>(
        _ key: String,
        array: [Element],
        element: (inout JSONLine, Element) -> Void
    ) {
        addKey(key)
        appendArray(array, element: element)
    }

    /// Appends a string as an array element.
    mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": bytes += Array(#"\""#.utf8)
            case "\\": bytes += Array(#"\\"#.utf8)
            case "\n": bytes += Array(#"\n"#.utf8)
            case "\r": bytes += Array(#"\r"#.utf8)
            case "\t": bytes += Array(#"\t"#.utf8)
            // The C0 and C1 controls, and two separators that some log readers treat as line ends.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                bytes += Array(#"\u"#.utf8)
                bytes += Array((String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: bytes += Array(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Appends a number or a truth value as JSON has them, and anything else as a string.
    mutating func append(scalar value: any CustomStringConvertible) {
        if Self.isOfJSON(value) {
            bytes += Array(value.description.utf8)
        } else {
            append(quoted: value.description)
        }
    }

    /// Whether Swift's own description of a value is JSON, which has no infinity and no NaN.
    private static func isOfJSON(_ value: any CustomStringConvertible) -> Bool {
        switch value {
        case is Bool, is any FixedWidthInteger: true
        case let number as Double: number.isFinite
        case let number as Float: number.isFinite
        default: false
        }
    }

    /// Appends an object as an array element.
    mutating func appendObject(_ fill: (inout JSONLine) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        let outer = isFirst
        isFirst = true
        fill(&self)
        isFirst = outer
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends an array as an array element.
    mutating func appendArray<Element>(
        _ array: [Element],
        element: (inout JSONLine, Element) -> Void
    ) {
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
