import BlobStorage

/// What an answer without success says, and what may help.
///
/// The answer to `HEAD` has no document, so that its reason is unknown: it may be any that comes
/// with the status.
struct StoreRefusal {
    private let status: Int
    private let code: String
    private let message: String
    /// The store's clock, in seconds since 1970.
    let date: Int64?

    init(_ answer: HTTPAnswer) {
        let document = StoreAnswer(answer.body)
        status = answer.status
        code = document.first("Code") ?? ""
        message = document.first("Message") ?? ""
        date = answer.headers["date"].flatMap(HTTPDate.seconds)
    }

    /// Whether the same request may succeed later.
    var isTransient: Bool { RetryPolicy.isTransient(status) }

    /// Whether other keys may help; stores answer 403, and AWS 400 where a token has expired.
    var mayBeOfKeys: Bool {
        let codes = ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"]
        return codes.contains(code) || (code.isEmpty && isOfSigning)
    }

    /// Whether a clock that differs from the store's by this much may be the reason.
    ///
    /// Stores allow for some minutes. Not all of them name the reason, as S3 does.
    func mayBeOfClock(_ difference: Int64) -> Bool {
        code == "RequestTimeTooSkewed" ? abs(difference) > 1 : isOfSigning && abs(difference) > 60
    }

    /// Whether the status is one of those that tell of a signature.
    private var isOfSigning: Bool { status == 403 || status == 400 }

    /// The error of a blob storage that it amounts to.
    var error: BlobStorageError {
        switch (status, code) {
        // No image's fault, and no file's: a node that cannot get in must not fail what others can do.
        case (404, "NoSuchBucket"):
            return .unreachable("the object store has no such bucket; make it, or correct its URL")
        case (404, _): return .notFound
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"): return .noSpace
        default:
            let words = [code, message].filter { !$0.isEmpty }
            let why = words.isEmpty ? "" : " (\(words.joined(separator: ": ").prefix(300)))"
            let sentence = "the object store answered with status \(status)\(why)"
            if isOfSigning || status == 401 {
                return .unreachable("\(sentence); check its keys and what they may do")
            }
            return isTransient ? .unreachable(sentence) : .unavailable(sentence)
        }
    }
}
