/// Percent-encoding as Signature V4 wants it: all but letters, digits and `-._~`, in upper case.
enum URIEncoding {
    /// Encodes a part of a URI.
    ///
    /// - Parameters:
    ///   - text: The part.
    ///   - keepsSlashes: Whether it is a path, whose slashes stay.
    /// - Returns: The part as it is sent and signed.
    static func encode(_ text: some StringProtocol, keepsSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(byte)
            case UInt8(ascii: "/") where keepsSlashes: result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
