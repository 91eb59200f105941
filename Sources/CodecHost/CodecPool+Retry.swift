import JobModel

/// How one attempt of a codec process ended.
enum CodecAttempt<Value: Sendable>: Sendable {
    case made(Value)
    case failed(ImageFailure)
    /// It was not done, through no fault of the picture.
    case released
    /// The process crashed, for this reason.
    case crashed(String)
}

extension CodecPool {
    /// Repeats an attempt outside the queue until it ends, but no more than one crash.
    ///
    /// - Parameters:
    ///   - work: What the attempt does, such as "Reading", for the error.
    ///   - attempt: Does it once.
    /// - Returns: What was made, or the failure; two crashes are one.
    /// - Throws: The errors of `attempt`.
    func untilEnded<Value: Sendable>(
        _ work: String,
        _ attempt: () async throws -> CodecAttempt<Value>
    ) async throws -> Result<Value, ImageFailure> {
        var hasCrashed = false
        while true {
            switch try await attempt() {
            case .made(let value): return .success(value)
            case .failed(let failure): return .failure(failure)
            case .released: continue
            case .crashed(let reason):
                // The crash may have another cause, so try once more.
                guard hasCrashed else {
                    hasCrashed = true
                    continue
                }
                return .failure(
                    ImageFailure(
                        code: ImageFailure.quarantined.code,
                        detail: """
                            \(work) this picture ended its process repeatedly. The last time \
                            \(reason).
                            """
                    )
                )
            }
        }
    }
}
