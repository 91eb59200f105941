/// The text of a member's name.
///
/// According to the specification, a name is in code page 437 unless a flag declares UTF-8
/// (APPNOTE.TXT 6.3.10, appendix D). But macOS and Linux write UTF-8 without the flag, and text in
/// another encoding is hardly ever valid UTF-8.
enum ZIPName {
    /// Decodes a name.
    ///
    /// - Parameters:
    ///   - bytes: The name from the header.
    ///   - flags: The header's flags.
    ///   - extra: The header's extra fields.
    /// - Returns: The text, with U+FFFD for invalid bytes in a name declared as UTF-8.
    static func text(of bytes: [UInt8], flags: UInt16, extra: ArraySlice<UInt8>) -> String {
        if flags & 1 << 11 != 0 { return String(decoding: bytes, as: UTF8.self) }
        if let text = unicodePath(of: bytes, extra) ?? String(validating: bytes, as: UTF8.self) {
            return text
        }
        return String(
            String.UnicodeScalarView(
                bytes.map { $0 < 128 ? Unicode.Scalar($0) : upper[Int($0) - 128] }
            )
        )
    }

    /// Returns the name in the Unicode Path Extra Field (§4.6.9).
    ///
    /// Info-ZIP and others store names there that their code page cannot express. The field counts
    /// only if its checksum matches the name: a program that renames a member may not know of the
    /// field.
    private static func unicodePath(of bytes: [UInt8], _ extra: ArraySlice<UInt8>) -> String? {
        guard let field = ZIPExtra.field(0x7075, in: extra), field.count > 5, field.first == 1,
            LittleEndian(field).number32(1) == CRC32.checksum(bytes)
        else { return nil }
        return String(validating: field.dropFirst(5), as: UTF8.self)
    }

    /// Characters 128 to 255 of code page 437.
    private static let upper = Array(
        """
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}
        """.unicodeScalars
    )
}
