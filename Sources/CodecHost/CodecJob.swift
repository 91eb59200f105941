import CodecProtocol

/// A task's request to a codec process, and the continuation that waits for it.
enum CodecJob {
    /// A job that a child has worked on.
    struct Done {
        /// Whether the child answered about any picture.
        let hasAnswered: Bool
        /// Why the child can no longer be used, if so.
        let end: CodecSession.End?
        /// Resumes the waiting task; takes a clause on how the child ended, if it did.
        let resume: (_ how: String?) -> Void
    }

    case protect([CodecImage], threads: Int, CheckedContinuation<[CodecOutcome], Never>)
    case importPicture([UInt8], CheckedContinuation<ImportOutcome, Never>)

    /// Resumes the waiting task with the job undone.
    func release() {
        switch self {
        case .protect(let images, _, let continuation):
            continuation.resume(returning: Array(repeating: .released, count: images.count))
        case .importPicture(_, let continuation): continuation.resume(returning: .released)
        }
    }

    /// Runs the job in a child.
    func run(in session: inout CodecSession) -> Done {
        switch self {
        case .protect(let images, let threads, let continuation):
            let (outcomes, end) = session.protect(images, threads: threads)
            return Done(hasAnswered: outcomes.first?.isAnswer ?? false, end: end) { how in
                continuation.resume(
                    returning: how.map { how in outcomes.map { $0.adding(how) } } ?? outcomes
                )
            }
        case .importPicture(let bytes, let continuation):
            let (outcome, end) = session.importPicture(bytes)
            return Done(hasAnswered: outcome.isAnswer, end: end) { how in
                continuation.resume(returning: how.map(outcome.adding) ?? outcome)
            }
        }
    }
}

extension CodecOutcome {
    fileprivate var isAnswer: Bool {
        switch self {
        case .protected, .failed: true
        case .crashed, .released: false
        }
    }

    /// Appends to a crash's reason how the process ended.
    fileprivate func adding(_ how: String) -> CodecOutcome {
        guard case .crashed(let reason) = self else { return self }
        return .crashed(reason: "\(reason) (\(how))")
    }
}

extension ImportOutcome {
    fileprivate var isAnswer: Bool {
        switch self {
        case .made, .failed: true
        case .crashed, .released: false
        }
    }

    /// Appends to a crash's reason how the process ended.
    fileprivate func adding(_ how: String) -> ImportOutcome {
        guard case .crashed(let reason) = self else { return self }
        return .crashed(reason: "\(reason) (\(how))")
    }
}
