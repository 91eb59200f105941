public import CodecProtocol
public import Cryptography
public import JobModel

/// The outcome of a picture that was handed to a codec process.
public enum CodecOutcome: Sendable, Equatable {
    /// It is protected; its file's hash, signature and size and the bound match the report.
    ///
    /// `sha256` is the hash of the file. The durations are the process's own, if they are plausible.
    case protected(ProtectedImage, sha256: SHA256Digest)
    /// It can never be protected.
    case failed(ImageFailure)
    /// The process died on it, took too long, or gave a false answer.
    case crashed(reason: String)
    /// It was not processed, and may be handed out again at once.
    case released

    /// Whether the picture is protected.
    public var isProtected: Bool {
        if case .protected = self { true } else { false }
    }
}

/// The outcome of converting a picture to the form that a class keeps.
public enum ImportOutcome: Sendable, Equatable {
    /// It can be kept as this PNG, whose signature and size have been checked.
    case made(HashedBytes)
    /// It can never be used.
    case failed(ImageFailure)
    /// The process died on it, took too long, or gave a false answer.
    case crashed(reason: String)
    /// It was not processed, and may be handed out again at once.
    case released
}

/// Whether a codec process can take pictures.
public enum CodecState: Sendable, Equatable {
    /// It is loading the weights.
    case starting
    /// It can, with these models.
    case ready(models: [LoadedModel], pid: Int32)
    /// It ended; another one starts after a wait.
    case failing(reason: String)
    /// It cannot use the weights or filter its system calls.
    ///
    /// Another one starts after the longest wait, in case the cause was removed.
    case refusing(reason: String)
    /// It was stopped for good.
    case stopped
}
