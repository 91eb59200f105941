/// What the owner of sealed files knows and the service never keeps: a passphrase, or a key.
public enum SealingSecret: Sendable {
    /// Any text of ``passphraseBytes``, in UTF-8.
    case passphrase(String)
    /// 32 bytes that nobody can guess.
    case key([UInt8])

    /// How long a passphrase may be, in bytes.
    public static let passphraseBytes = 8...1024
    private static let saltByteCount = 16

    /// Takes the text of a passphrase; `nil` if it is too short or too long.
    public init?(passphrase: String) {
        guard Self.passphraseBytes.contains(passphrase.utf8.count) else { return nil }
        self = .passphrase(passphrase)
    }

    /// Takes a key of 64 hexadecimal digits; `nil` for anything else.
    public init?(keyHex: String) {
        guard let digest = SHA256Digest(hex: keyHex.lowercased()) else { return nil }
        self = .key(digest.bytes)
    }

    /// To whom files are sealed that this secret opens.
    ///
    /// For a passphrase it takes 64 MiB and some tenths of a second.
    ///
    /// - Returns: A recipient, with a new salt for a passphrase; `nil` when there is no memory for it.
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public func recipient() throws(CryptographyError) -> SealingRecipient? {
        switch self {
        case .key: return privateKey(.given).map { SealingRecipient(publicKey: $0.publicKey, source: .given) }
        case .passphrase:
            let source = SealingRecipient.Source.passphrase(
                salt: try SecureRandom.bytes(Self.saltByteCount),
                .standard
            )
            return privateKey(source).map { SealingRecipient(publicKey: $0.publicKey, source: source) }
        }
    }

    /// Whether a recipient was made of this secret, so that it opens what is sealed to that recipient.
    ///
    /// For a passphrase it takes what ``recipient()`` takes.
    ///
    /// - Parameter recipient: Made of some secret.
    /// - Returns: `nil` when there is no memory to find out.
    public func isSecret(of recipient: SealingRecipient) -> Bool? {
        switch (self, recipient.source) {
        case (.key, .passphrase), (.passphrase, .given): false
        case (.key, .given), (.passphrase, .passphrase):
            privateKey(recipient.source).map { $0.publicKey == recipient.publicKey }
        }
    }

    /// The key that opens what was sealed to a recipient of that source; `nil` if this is the other kind of secret.
    func privateKey(_ source: SealingRecipient.Source) -> HPKE.PrivateKey? {
        switch (self, source) {
        case (.key(let bytes), .given):
            HPKE.PrivateKey(derivedFrom: bytes)
        case (.passphrase(let text), .passphrase(let salt, let parameters)):
            Scrypt.derive(Array(text.utf8), salt: salt, parameters).map { HPKE.PrivateKey(derivedFrom: $0) }
        case (.key, .passphrase), (.passphrase, .given):
            nil
        }
    }
}

/// To whom files are sealed: a public key, and how its private half comes from a ``SealingSecret``.
///
/// Nothing of it is secret.
public struct SealingRecipient: Sendable, Hashable {
    /// Where the private key comes from.
    public enum Source: Sendable, Hashable {
        /// From a key.
        case given
        /// From a passphrase, by scrypt.
        case passphrase(salt: [UInt8], Scrypt.Parameters)
    }

    /// The public key.
    public let publicKey: HPKE.PublicKey
    /// Where its private half comes from.
    public let source: Source

    /// Puts a recipient together.
    public init(publicKey: HPKE.PublicKey, source: Source) {
        self.publicKey = publicKey
        self.source = source
    }
}

extension SealingRecipient.Source {
    /// One line: `given`, or `scrypt LOG_COST BLOCK_SIZE PARALLELIZATION SALT`.
    public var text: String {
        switch self {
        case .given: "given"
        case .passphrase(let salt, let parameters):
            "scrypt \(parameters.logCost) \(parameters.blockSize) \(parameters.parallelization) \(Hexadecimal.encode(salt))"
        }
    }

    /// Reads ``text``; `nil` for anything else, and for costs beyond what a derivation may take.
    public init?(text: String) {
        if text == "given" {
            self = .given
            return
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, words[0] == "scrypt", let logCost = UInt8(words[1]), let blockSize = UInt8(words[2]),
            let parallelization = UInt8(words[3]),
            let parameters = Scrypt.Parameters(
                logCost: logCost,
                blockSize: blockSize,
                parallelization: parallelization
            ),
            let salt = Hexadecimal.decode(words[4]), (8...64).contains(salt.count)
        else { return nil }
        self = .passphrase(salt: salt, parameters)
    }
}
