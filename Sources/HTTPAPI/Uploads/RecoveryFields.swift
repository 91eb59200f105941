import Cryptography
import HTTPTypes

/// The fields by which a request asks that its photos can be had back, and by whom.
///
/// The passphrase or the key is in memory until the job is made, and nowhere after that: what is kept is a public key.
enum RecoveryFields {
    /// Reads the fields.
    ///
    /// - Returns: The secret; `nil` if the request does not ask for recovery.
    /// - Throws: ``APIError`` (400, and 422 for both at once).
    static func secret(_ fields: HTTPFields) throws(APIError) -> SealingSecret? {
        switch (try single(.recoveryPassphrase, fields), try single(.recoveryKey, fields)) {
        case (nil, nil):
            return nil
        case (let passphrase?, nil):
            // Other characters come in whatever encoding a client has, and would be another passphrase elsewhere.
            guard passphrase.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
                let secret = SealingSecret(passphrase: passphrase)
            else {
                throw invalid(
                    "Palimpsest-Recovery-Passphrase must be 8 to 1024 printable characters of ASCII."
                )
            }
            return secret
        case (nil, let key?):
            guard let secret = SealingSecret(keyHex: key) else {
                throw invalid(
                    "Palimpsest-Recovery-Key must be 64 hexadecimal digits, such as `openssl rand -hex 32` makes."
                )
            }
            return secret
        case (.some, .some):
            throw APIError(
                .unprocessableContent,
                "recovery_ambiguous",
                "Send either Palimpsest-Recovery-Passphrase or Palimpsest-Recovery-Key, not both."
            )
        }
    }

    /// The value of a field that may be sent once: two of them would be joined to a secret that nobody has chosen.
    private static func single(
        _ name: HTTPField.Name,
        _ fields: HTTPFields
    ) throws(APIError) -> String? {
        let values = fields[values: name]
        guard values.count <= 1 else { throw invalid("Send \(name.rawName) once.") }
        return values.first
    }

    private static func invalid(_ detail: String) -> APIError {
        APIError(.badRequest, "recovery_invalid", detail)
    }
}
