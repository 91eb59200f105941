/// The size in a WebP's first chunk (RFC 9649, sections 2.5 to 2.7).
enum WebPSize {
    /// The number of bytes of a file needed to read it.
    static let byteCount = 30

    /// Reads the size.
    ///
    /// - Parameter head: The first ``byteCount`` bytes of a file that begins with `RIFF`.
    /// - Returns: Width and height; `nil` for another kind of file or if its first chunk states no
    ///   size.
    static func read(_ head: [UInt8]) -> (width: Int, height: Int)? {
        guard head.count == byteCount, head[8..<12].elementsEqual("WEBP".utf8) else { return nil }
        func number(_ range: Range<Int>) -> Int {
            head[range].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        let sides14 = 0x3FFF
        switch String(decoding: head[12..<16], as: UTF8.self) {
        case "VP8 ":
            // A key frame, its start code, and 14-bit sides below two bits of scaling.
            guard head[20] & 1 == 0, head[23..<26].elementsEqual([0x9D, 0x01, 0x2A]) else {
                return nil
            }
            return (number(26..<28) & sides14, number(28..<30) & sides14)
        case "VP8L":
            guard head[20] == 0x2F else { return nil }
            let bits = number(21..<25)
            return ((bits & sides14) + 1, (bits >> 14 & sides14) + 1)
        case "VP8X":
            return (number(24..<27) + 1, number(27..<30) + 1)
        default:
            return nil
        }
    }
}
