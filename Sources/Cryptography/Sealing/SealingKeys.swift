/// A secret together with the keys that were derived from it.
///
/// All files of one job have one salt. So a thousand of them take one derivation, which is slow on
/// purpose, instead of a thousand.
public struct SealingKeys: Sendable {
    private let secret: SealingSecret
    private var keys: [SealingRecipient.Source: HPKE.PrivateKey] = [:]
    private var openedSources: Set<SealingRecipient.Source> = []

    /// Starts without any derived key.
    public init(_ secret: SealingSecret) {
        self.secret = secret
    }

    /// Whether the secret is a passphrase, rather than a key.
    public var isPassphrase: Bool {
        switch secret {
        case .passphrase: true
        case .key: false
        }
    }

    /// Whether a file wants this kind of secret: a passphrase or a key.
    public func fits(_ file: SealedFile) -> Bool { file.wantsPassphrase == isPassphrase }

    /// Whether the secret must be the right one for a file, because it has opened another file of
    /// the same salt.
    ///
    /// Files that were sealed to keys have no salt, so nothing is known about them.
    public func isProven(for file: SealedFile) -> Bool {
        file.wantsPassphrase && openedSources.contains(file.source)
    }

    /// Returns the content of a file; `nil` unless the secret is correct and the file is unaltered.
    public mutating func open(_ file: SealedFile) -> [UInt8]? {
        guard let key = key(for: file.source), let content = file.open(with: key) else {
            return nil
        }
        openedSources.insert(file.source)
        return content
    }

    private mutating func key(for source: SealingRecipient.Source) -> HPKE.PrivateKey? {
        if let key = keys[source] { return key }
        let key = secret.privateKey(source)
        keys[source] = key
        return key
    }
}
