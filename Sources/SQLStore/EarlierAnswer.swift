import Queue
import Synchronization

/// What earlier runs of a transaction would have answered.
private final class EarlierAnswer<Answer: Sendable>: Sendable {
    private let answer = Mutex<Answer?>(nil)

    /// Notes an answer, after joining it to the earlier one if `isRepeated`.
    func join(_ new: Answer, isRepeated: Bool, by join: (Answer, Answer) -> Answer) -> Answer {
        answer.withLock { answer in
            let joined = isRepeated ? answer.map { join($0, new) } ?? new : new
            answer = joined
            return joined
        }
    }
}

extension SQLStore {
    /// Runs a transaction whose answer tells what it has changed.
    ///
    /// A commit whose answer was lost may have been made. The next run then finds nothing left to
    /// change, or less, and would tell the caller so; the photos of an erased job, for example,
    /// would not be removed.
    ///
    /// - Parameters:
    ///   - join: Joins the answer of a run that may have been committed and that of the next run.
    ///   - body: The transaction.
    /// - Returns: The answer.
    /// - Throws: ``StoreError``.
    func write<Answer: Sendable>(
        joiningLost join: @escaping @Sendable (_ lost: Answer, _ next: Answer) -> Answer,
        _ body: @escaping @Sendable (any SQLSession) throws -> Answer
    ) async throws(StoreError) -> Answer {
        let earlier = EarlierAnswer<Answer>()
        return try await write { db in
            earlier.join(try body(db), isRepeated: db.isRepeated, by: join)
        }
    }
}
