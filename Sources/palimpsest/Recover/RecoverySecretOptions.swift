import ArgumentParser
import Cryptography

/// The options of the secret that was sent with photos so that they can be had back.
struct RecoverySecretOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file with the passphrase; - for the standard input.",
            valueName: "file"
        )
    )
    var passphraseFile: String?

    @Option(help: ArgumentHelp("A file with the key of 64 hexadecimal digits.", valueName: "file"))
    var keyFile: String?

    func validate() throws {
        guard (passphraseFile == nil) != (keyFile == nil) else {
            throw ValidationError("Give either --passphrase-file or --key-file.")
        }
    }

    /// Reads the secret.
    ///
    /// - Throws: ``CommandFault`` if the file cannot be read or holds none.
    func read() throws(CommandFault) -> SealingSecret {
        let path = passphraseFile ?? keyFile ?? ""
        let bytes = try InputFile.read(path, limit: Self.maxBytes)
        // Editors and `echo` end the line. Leading and trailing blanks never reached the service:
        // they are not part of a field value (RFC 9110 section 5.5).
        var text = String(decoding: bytes, as: UTF8.self)[...]
        while let last = text.last, last.isNewline || Self.isBlank(last) { text.removeLast() }
        text = text.drop(while: Self.isBlank)
        let secret =
            passphraseFile != nil
            ? SealingSecret(passphrase: String(text)) : SealingSecret(keyHex: String(text))
        guard let secret else {
            throw CommandFault(
                passphraseFile != nil
                    ? "\(StandardError.printable(path)) holds no passphrase of 8 to 1024 bytes."
                    : "\(StandardError.printable(path)) holds no key of 64 hexadecimal digits."
            )
        }
        return secret
    }

    private static let maxBytes = 4096

    private static func isBlank(_ character: Character) -> Bool {
        character == " " || character == "\t"
    }
}
