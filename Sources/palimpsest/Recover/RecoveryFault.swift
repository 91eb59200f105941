import JobModel

/// Why a protected picture and its recovery file do not give back the photo.
enum RecoveryFault: Error {
    case lossyPicture(OutputFormat)
    case notRecoveryFile
    case otherPicture
    case otherSecret(wantsPassphrase: Bool)
    /// The file cannot be opened; the secret may be known to be the right one.
    case unopened(wantsPassphrase: Bool, isSecretProven: Bool)
    case emptyRecoveryFile
    case undecodable(String)
    case otherPixels
    case unencodable(String)

    /// Describes the fault in a sentence.
    ///
    /// - Parameters:
    ///   - picture: The name of the picture, printable, or another subject of the sentence.
    ///   - recoveryFile: The name of the recovery file, printable.
    /// - Returns: The sentence.
    func sentence(picture: String, recoveryFile: String) -> String {
        switch self {
        case .lossyPicture(let format):
            "\(picture) is a \(format.title). Only the PNG as it was delivered gives back the photo."
        case .notRecoveryFile:
            "\(recoveryFile) is not a recovery file, or was cut short."
        case .otherPicture:
            "\(picture) is not the picture that the recovery file belongs to, or was changed "
                + "since it was delivered."
        case .otherSecret(let wantsPassphrase):
            "The recovery file \(recoveryFile) was made with "
                + "\(Self.advice(wantsPassphrase: wantsPassphrase))."
        case .unopened(_, isSecretProven: true):
            "The recovery file \(recoveryFile) cannot be opened: it was changed."
        case .unopened(let wantsPassphrase, isSecretProven: false):
            "The recovery file \(recoveryFile) cannot be opened: "
                + "the \(wantsPassphrase ? "passphrase" : "key") is wrong, or the file was changed."
        case .emptyRecoveryFile:
            "The recovery file \(recoveryFile) holds nothing."
        case .undecodable(let detail):
            "\(picture) cannot be decoded: \(detail)"
        case .otherPixels:
            "The pixels that came out are not the original's, so nothing was written."
        case .unencodable(let detail):
            "The photo cannot be encoded: \(detail)"
        }
    }

    /// Says which secret a recovery file was made with, and which option gives it.
    static func advice(wantsPassphrase: Bool) -> String {
        wantsPassphrase ? "a passphrase: give --passphrase-file" : "a key: give --key-file"
    }
}
