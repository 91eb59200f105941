/// The character classes of RFC 9110 section 5.6 and RFC 3986.
enum Grammar {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
    static let colon: UInt8 = 0x3A
    static let percent: UInt8 = 0x25
    static let slash: UInt8 = 0x2F
    static let hyphen: UInt8 = 0x2D

    /// Whether a byte is a `tchar` (RFC 9110 section 5.6.2).
    ///
    /// That is a letter, a digit, the backtick or one of `!#$%&'*+-.^_|~`.
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { isToken($0) }
    }

    /// `field-vchar / SP / HTAB`, where `field-vchar = VCHAR / obs-text`.
    static func isFieldValue(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20...0x7E, 0x80...0xFF, 0x09: true
        default: false
        }
    }

    static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7E).contains(byte) }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    /// Returns the value of a hexadecimal digit in either case.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// Parses a decimal number; `nil` unless it is all digits and fits.
    static func decimal(_ bytes: some Collection<UInt8>) -> UInt64? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in bytes {
            guard isDigit(byte) else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(UInt64(byte - 0x30))
            guard !overflowed, !carried else { return nil }
            value = sum
        }
        return value
    }

    /// `bytes` without blanks at either end.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var slice = bytes
        while let first = slice.first, isBlank(first) { slice.removeFirst() }
        while let last = slice.last, isBlank(last) { slice.removeLast() }
        return slice
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }

    /// Percent-decodes bytes to text; `nil` for a broken escape, a NUL or invalid UTF-8.
    static func percentDecoded(
        _ bytes: some Sequence<UInt8>,
        plusIsSpace: Bool = false
    ) -> String? {
        let decoded = percentDecodedOctets(bytes, plusIsSpace: plusIsSpace)
        guard let decoded, !decoded.contains(0) else { return nil }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Percent-decodes octets; `nil` for a broken escape.
    static func percentDecodedOctets(
        _ bytes: some Sequence<UInt8>,
        plusIsSpace: Bool = false
    ) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == percent {
                guard let high = iterator.next().flatMap(hexValue),
                    let low = iterator.next().flatMap(hexValue)
                else {
                    return nil
                }
                decoded.append(high << 4 | low)
            } else if byte == 0x2B, plusIsSpace {
                decoded.append(space)
            } else {
                decoded.append(byte)
            }
        }
        return decoded
    }

    /// Splits a comma-separated list into trimmed, lower-cased members (RFC 9110 section 5.6.1).
    ///
    /// Empty members are dropped.
    static func listMembers(_ value: String) -> [String] {
        value.utf8.split(separator: 0x2C).compactMap { member in
            let trimmed = Grammar.trimmed(Array(member)[...])
            return trimmed.isEmpty ? nil : String(decoding: trimmed.map(lowercased), as: UTF8.self)
        }
    }
}
