import Cryptography
import HTTPTypes
import JobModel

/// The fields that request recoverable photos and carry the secret for it.
///
/// The passphrase or key stays in memory until the job is created, and is stored nowhere: only a
/// public key is.
enum RecoveryFields {
    /// Reads the secret.
    ///
    /// - Returns: The secret; `nil` if the request does not ask for recovery.
    /// - Throws: ``APIError``: 400 for an unusable value, 422 for both fields at once.
    static func secret(_ fields: HTTPFields) throws(APIError) -> SealingSecret? {
        switch (try single(.recoveryPassphrase, fields), try single(.recoveryKey, fields)) {
        case (nil, nil):
            return nil
        case (let passphrase?, nil):
            // Clients encode other characters in different ways, so the same passphrase could fail
            // elsewhere.
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

    /// Refuses an output from which the photo could not be recovered.
    ///
    /// The recovery file holds the difference between the photo's samples and the delivered ones.
    /// A lossy file does not give the latter back for sure, and a scaled one is not the photo.
    ///
    /// - Throws: ``APIError`` (400) that names the parameter.
    static func check(_ output: OutputSettings) throws(APIError) {
        guard output.format.isLossless else {
            throw APIError(
                .badRequest,
                "recovery_needs_png",
                "Only a PNG gives back the photo: with a recovery secret leave format out, or send format=png."
            )
        }
        guard output.maxSide == nil else {
            throw APIError(
                .badRequest,
                "recovery_needs_full_size",
                "A scaled picture does not give back the photo: with a recovery secret leave max_side out."
            )
        }
    }

    /// Returns the value of a field that may occur once; joined, two values would be a secret that
    /// nobody chose.
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
