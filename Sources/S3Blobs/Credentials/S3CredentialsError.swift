/// Why there are no keys for an object store, and what to do.
public enum S3CredentialsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The environment names no keys, no file, and no home folder in which a file could be.
    case nowhere
    /// One of the environment's variables is there, and the other that goes with it is not.
    case halfEnvironment(missing: String)
    /// There is no such file.
    case missingFile(String)
    /// The file cannot be read; the clause says why.
    case unreadableFile(String, String)
    /// Others than the file's owner may use it.
    case exposedFile(String)
    /// A line is neither a section, a setting nor a comment.
    case malformedFile(String, line: Int)
    /// The file has no such section.
    case missingProfile(String, profile: String)
    /// The section lacks a setting.
    case missingSetting(String, profile: String, setting: String)

    /// A clause for an operator.
    public var description: String {
        switch self {
        case .nowhere:
            "there are no keys for the object store; set AWS_ACCESS_KEY_ID and "
                + "AWS_SECRET_ACCESS_KEY, or AWS_SHARED_CREDENTIALS_FILE to a file with them"
        case .halfEnvironment(let missing):
            "\(missing) is not set, though the other half of the object store's key is; set both"
        case .missingFile(let path):
            "there is no credentials file \(path); write it, or set AWS_SHARED_CREDENTIALS_FILE "
                + "to another, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        case .unreadableFile(let path, let words):
            "the credentials file \(path) cannot be read: \(words)"
        case .exposedFile(let path):
            "the credentials file \(path) is open to others than its owner; run chmod 600 on it"
        case .malformedFile(let path, let line):
            "line \(line) of the credentials file \(path) is neither [PROFILE] nor NAME = VALUE"
        case .missingProfile(let path, let profile):
            "the credentials file \(path) has no section [\(profile)]; add it, or set AWS_PROFILE"
        case .missingSetting(let path, let profile, let setting):
            "the section [\(profile)] of the credentials file \(path) has no \(setting); add it"
        }
    }
}
