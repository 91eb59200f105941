/// A file that only its owner can read, bound to its subject.
///
///     palimpsest-sealed/1
///     subject: 64 hexadecimal digits
///     key: scrypt 16 8 2 SALT           or: key: given
///     encapsulated: 64 hexadecimal digits
///                                       an empty line
///     the ciphertext of HPKE (RFC 9180), which authenticates all of the above
public struct SealedFile: Sendable {
    private static let magic = "palimpsest-sealed/1"
    /// Longer than any header.
    private static let maxHeadBytes = 512

    /// The hash of the file's subject.
    public let subject: SHA256Digest
    let source: SealingRecipient.Source
    private let head: [UInt8]
    private let encapsulatedKey: [UInt8]
    private let ciphertext: [UInt8]

    /// Seals content.
    ///
    /// - Parameters:
    ///   - content: The content, at most 2 GiB.
    ///   - recipient: The recipient who can read it.
    ///   - subject: The hash of the subject.
    /// - Returns: The file; `nil` for a recipient with an invalid key.
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public static func seal(
        _ content: [UInt8],
        to recipient: SealingRecipient,
        subject: SHA256Digest
    ) throws(CryptographyError) -> [UInt8]? {
        let opening = "\(magic)\nsubject: \(subject.hex)\nkey: \(recipient.source.text)\n"
        let additional = Array(opening.utf8)
        guard
            let sealed = try HPKE.seal(
                content,
                to: recipient.publicKey,
                info: Array(magic.utf8),
                additional: additional
            )
        else { return nil }
        return additional
            + Array("encapsulated: \(Hexadecimal.encode(sealed.encapsulatedKey))\n\n".utf8)
            + sealed.ciphertext
    }

    /// Parses the header of a file; `nil` if it is not a sealed file.
    public init?(_ bytes: [UInt8]) {
        let end = [UInt8](repeating: 0x0A, count: 2)
        let candidates = bytes.prefix(Self.maxHeadBytes)
        guard let length = candidates.indices.first(where: { candidates[$0...].starts(with: end) })
        else { return nil }
        let lines = String(decoding: bytes[..<length], as: UTF8.self).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        guard lines.count == 4, lines[0] == Self.magic,
            let subject = Self.value(lines[1], "subject").flatMap({ SHA256Digest(hex: String($0)) }
            ),
            let source = Self.value(lines[2], "key").flatMap({
                SealingRecipient.Source(text: String($0))
            }),
            let encapsulatedKey = Self.value(lines[3], "encapsulated").flatMap({
                Hexadecimal.decode($0)
            })
        else { return nil }
        self.subject = subject
        self.source = source
        head = Array(lines[..<3].map { $0 + "\n" }.joined().utf8)
        self.encapsulatedKey = encapsulatedKey
        ciphertext = Array(bytes[(length + 2)...])
    }

    private static func value(_ line: Substring, _ name: String) -> Substring? {
        line.hasPrefix("\(name): ") ? line.dropFirst(name.count + 2) : nil
    }

    /// Whether a passphrase, rather than a key, opens it.
    public var wantsPassphrase: Bool { source != .given }

    /// Returns the content; `nil` unless the secret is correct and the file is unaltered.
    public func open(by secret: SealingSecret) -> [UInt8]? {
        secret.privateKey(source).flatMap(open(with:))
    }

    func open(with key: HPKE.PrivateKey) -> [UInt8]? {
        HPKE.open(
            ciphertext,
            encapsulatedKey: encapsulatedKey,
            by: key,
            info: Array(Self.magic.utf8),
            additional: head
        )
    }
}
