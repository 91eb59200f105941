/// What the bytes of a member's name spell.
///
/// By the letter a name is in code page 437 unless a flag says that it is UTF-8 (APPNOTE.TXT 6.3.10, appendix D). But macOS and
/// Linux write UTF-8 without the flag, and hardly a text in another code happens to be valid UTF-8.
enum ZIPName {
    /// Decodes a name.
    ///
    /// - Parameters:
    ///   - bytes: The name as the header has it.
    ///   - flags: The header's flags.
    ///   - extra: The header's extra fields.
    /// - Returns: The text, with U+FFFD for what is not UTF-8 although it is said to be.
    static func text(of bytes: [UInt8], flags: UInt16, extra: ArraySlice<UInt8>) -> String {
        if flags & 1 << 11 != 0 { return String(decoding: bytes, as: UTF8.self) }
        if let text = unicodePath(of: bytes, extra) ?? String(validating: bytes, as: UTF8.self) { return text }
        return String(String.UnicodeScalarView(bytes.map { $0 < 128 ? Unicode.Scalar($0) : upper[Int($0) - 128] }))
    }

    /// The Unicode Path Extra Field (§4.6.9), in which Info-ZIP and others put a name that their own code page cannot spell.
    ///
    /// It counts only if it is about this name, as its checksum tells: who renames a member may not know of the field.
    private static func unicodePath(of bytes: [UInt8], _ extra: ArraySlice<UInt8>) -> String? {
        guard let field = ZIPExtra.field(0x7075, in: extra), field.count > 5, field.first == 1,
            LittleEndian(field).number32(1) == CRC32.checksum(bytes)
        else { return nil }
        return String(validating: field.dropFirst(5), as: UTF8.self)
    }

    /// The characters 128 to 255 of code page 437.
    private static let upper = Array(
        """
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
        └┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}
        """.unicodeScalars
    )
}
