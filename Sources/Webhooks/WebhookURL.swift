/// The address of a receiver, which a holder of a key has chosen and nobody else has checked.
///
/// It is taken only in a form that leaves nothing to interpret: visible ASCII, no user information,
/// no fragment, no backslash. Two programs that read an address differently are how requests get to
/// places that one of them would have refused.
public struct WebhookURL: Sendable, Equatable {
    /// The most bytes of an address.
    public static let maxBytes = 2048

    /// The address as it was given.
    public let text: String
    /// Whether it is `https`; else it is `http`.
    public let isEncrypted: Bool
    /// The host's name or numeric address, in lowercase and without brackets.
    public let host: String
    /// The port.
    public let port: UInt16
    /// The path and the query, as they go into a request.
    public let target: String

    /// Parses an address; `nil` if it is not one, or not in this form.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maxBytes,
            bytes.allSatisfy({ (0x21...0x7e).contains($0) }),
            !text.contains(where: { "\\\"<>^`{|}#".contains($0) })
        else { return nil }
        let scheme: Substring
        if text.hasPrefix("https://") {
            (isEncrypted, scheme) = (true, "https://")
        } else if text.hasPrefix("http://") {
            (isEncrypted, scheme) = (false, "http://")
        } else {
            return nil
        }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
        self.text = text
        self.host = host.lowercased()
        self.port = port ?? (isEncrypted ? 443 : 80)
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    /// The value of `Host`: without the port that the scheme implies.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// Splits `HOST`, `HOST:PORT`, `[ADDRESS]` or `[ADDRESS]:PORT`.
    private static func authority(_ text: Substring) -> (host: String, port: UInt16?)? {
        var host = text
        var port: UInt16?
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") {
            let digits = text[text.index(after: colon)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(digits), number > 0
            else { return nil }
            (host, port) = (text[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else { return nil }
            return (String(host), port)
        }
        guard (1...253).contains(host.utf8.count), !host.hasPrefix("."), !host.hasPrefix("-"),
            host.utf8.allSatisfy(Self.isNameByte)
        else { return nil }
        return (String(host), port)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
