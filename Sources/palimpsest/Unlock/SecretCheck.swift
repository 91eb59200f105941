import Cryptography

/// Whether a secret opens any of the recovery files in a folder.
///
/// A wrong one is told once, instead of a thousand times, and before anything is decoded.
struct SecretCheck {
    /// The pictures that cannot be unlocked, each with its reason; none if the secret opens a file.
    private(set) var refused: [(picture: LockedPicture, reason: CommandFault)] = []
    /// Says it in one sentence; `nil` unless several pictures are refused.
    private(set) var sentence: String?
    /// The pictures that are left to try.
    private(set) var remaining: [LockedPicture] = []

    /// Opens recovery files until the first success.
    init(of pictures: [LockedPicture], by keys: inout SealingKeys) {
        var (wrong, otherKind) = (0, 0)
        var wantsPassphrase = false
        for picture in pictures {
            guard let bytes = try? picture.readRecoveryFile(), let file = SealedFile(bytes) else {
                remaining.append(picture)
                continue
            }
            wantsPassphrase = file.wantsPassphrase
            let fault: RecoveryFault
            if !keys.fits(file) {
                otherKind += 1
                fault = .otherSecret(wantsPassphrase: file.wantsPassphrase)
            } else if keys.open(file) == nil {
                wrong += 1
                fault = .unopened(wantsPassphrase: file.wantsPassphrase, isSecretProven: false)
            } else {
                accept(pictures)
                return
            }
            refused.append((picture, picture.described(fault)))
        }
        // A single file is told as it would be among others.
        guard refused.count > 1 else {
            accept(pictures)
            return
        }
        let secret = keys.isPassphrase ? "passphrase" : "key"
        if wrong == 0 {
            let advice = RecoveryFault.advice(wantsPassphrase: wantsPassphrase)
            sentence = "The \(otherKind) recovery files were made with \(advice)."
        } else {
            let others =
                otherKind == 0 ? "" : " \(otherKind) more ask for the other kind of secret."
            sentence =
                "The \(secret) opens none of \(wrong) recovery files: it is wrong, or all of them "
                + "were changed.\(others)"
        }
    }

    private mutating func accept(_ pictures: [LockedPicture]) {
        refused = []
        remaining = pictures
    }
}
