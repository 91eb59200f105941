/// The secret of the owner of sealed files, never stored by the service: a passphrase or a key.
public enum SealingSecret: Sendable {
    /// Any text whose UTF-8 length is in ``passphraseBytes``.
    case passphrase(String)
    /// 32 unguessable bytes.
    case key([UInt8])

    /// The allowed length of a passphrase in bytes.
    public static let passphraseBytes = 8...1024
    private static let saltByteCount = 16

    /// Creates a secret from a passphrase; `nil` if it is too short or too long.
    public init?(passphrase: String) {
        guard Self.passphraseBytes.contains(passphrase.utf8.count) else { return nil }
        self = .passphrase(passphrase)
    }

    /// Creates a secret from a key of 64 hexadecimal digits; `nil` for anything else.
    public init?(keyHex: String) {
        guard let digest = SHA256Digest(hex: keyHex.lowercased()) else { return nil }
        self = .key(digest.bytes)
    }

    /// Returns a recipient whose files this secret opens.
    ///
    /// For a passphrase, this takes 64 MiB and some tenths of a second.
    ///
    /// - Returns: A recipient, with a new salt for a passphrase; `nil` if there is not enough
    ///   memory.
    /// - Throws: ``CryptographyError/randomUnavailable``.
    public func recipient() throws(CryptographyError) -> SealingRecipient? {
        switch self {
        case .key:
            return privateKey(.given).map {
                SealingRecipient(publicKey: $0.publicKey, source: .given)
            }
        case .passphrase:
            let source = SealingRecipient.Source.passphrase(
                salt: try SecureRandom.bytes(Self.saltByteCount),
                .standard
            )
            return privateKey(source).map {
                SealingRecipient(publicKey: $0.publicKey, source: source)
            }
        }
    }

    /// Whether a recipient was made from this secret, which therefore opens its files.
    ///
    /// For a passphrase, this costs as much as ``recipient()``.
    ///
    /// - Parameter recipient: A recipient made from any secret.
    /// - Returns: The answer; `nil` if there is not enough memory to find out.
    public func isSecret(of recipient: SealingRecipient) -> Bool? {
        switch (self, recipient.source) {
        case (.key, .passphrase), (.passphrase, .given): false
        case (.key, .given), (.passphrase, .passphrase):
            privateKey(recipient.source).map { $0.publicKey == recipient.publicKey }
        }
    }

    /// Returns the private key for a recipient's source; `nil` for the other kind of secret.
    func privateKey(_ source: SealingRecipient.Source) -> HPKE.PrivateKey? {
        switch (self, source) {
        case (.key(let bytes), .given):
            HPKE.PrivateKey(derivedFrom: bytes)
        case (.passphrase(let text), .passphrase(let salt, let parameters)):
            Scrypt.derive(Array(text.utf8), salt: salt, parameters).map {
                HPKE.PrivateKey(derivedFrom: $0)
            }
        case (.key, .passphrase), (.passphrase, .given):
            nil
        }
    }
}

/// The recipient of sealed files: a public key, and how its private key derives from a
/// ``SealingSecret``.
///
/// None of it is secret.
public struct SealingRecipient: Sendable, Hashable {
    /// The source of the private key.
    public enum Source: Sendable, Hashable {
        /// A key.
        case given
        /// A passphrase, by scrypt.
        case passphrase(salt: [UInt8], Scrypt.Parameters)
    }

    /// The public key.
    public let publicKey: HPKE.PublicKey
    /// The source of its private key.
    public let source: Source

    /// Creates a recipient.
    public init(publicKey: HPKE.PublicKey, source: Source) {
        self.publicKey = publicKey
        self.source = source
    }
}

extension SealingRecipient.Source {
    /// The source on one line: `given`, or `scrypt LOG_COST BLOCK_SIZE PARALLELIZATION SALT`.
    public var text: String {
        switch self {
        case .given: "given"
        case .passphrase(let salt, let parameters):
            "scrypt \(parameters.logCost) \(parameters.blockSize) \(parameters.parallelization) \(Hexadecimal.encode(salt))"
        }
    }

    /// Parses ``text``; `nil` for anything else and for costs beyond the allowed ones.
    public init?(text: String) {
        if text == "given" {
            self = .given
            return
        }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 5, words[0] == "scrypt", let logCost = UInt8(words[1]),
            let blockSize = UInt8(words[2]),
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
