public import CodecProtocol
public import Cryptography
public import JobModel

/// What became of a picture that was handed to a codec process.
public enum CodecOutcome: Sendable, Equatable {
    /// It is protected; hash, PNG signature, size and bound have been compared with the report.
    ///
    /// `sha256` is that of the PNG. The durations are what the process says, if they can be true.
    case protected(ProtectedImage, sha256: SHA256Digest)
    /// It cannot be protected, ever.
    case failed(ImageFailure)
    /// The process died on it, took too long or told lies about it.
    case crashed(reason: String)
    /// Nobody has looked at it; it may be handed out again at once.
    case released

    /// Whether it is protected.
    public var isProtected: Bool {
        if case .protected = self { true } else { false }
    }
}

/// What became of a picture of which a codec process was to make what is kept for a class.
public enum ImportOutcome: Sendable, Equatable {
    /// It is fit to be kept: a PNG, whose signature and sizes have been checked.
    case made(HashedBytes)
    /// It cannot be used, ever.
    case failed(ImageFailure)
    /// The process died on it, took too long or told lies about it.
    case crashed(reason: String)
    /// Nobody has looked at it; it may be handed out again at once.
    case released
}

/// Whether a codec process can take pictures.
public enum CodecState: Sendable, Equatable {
    /// It loads the weights.
    case starting
    /// It can, with these models.
    case ready(models: [LoadedModel], pid: Int32)
    /// It ended; another one is started after a while.
    case failing(reason: String)
    /// It cannot use the weights. Another one is started only after the longest wait, in case the
    /// file is mended.
    case refusing(reason: String)
    /// It was stopped for good.
    case stopped
}
