import JobModel
import Synchronization

/// The plans of the archives that were asked for last, so that who fetches one in ranges, or several at a time, has it planned once.
///
/// Only archives of jobs that have ended are kept: those of others change from one moment to the next.
final class ArchivePlans: Sendable {
    /// What an archive follows from.
    struct Key: Hashable, Sendable {
        let job: JobIdentifier
        /// The highest ending of its images; a job that is tried again has a higher one when it has ended again.
        let lastEnding: Int64
    }

    private typealias Planning = Task<ArchivePlan, any Error>

    private let capacity: Int
    /// The one that was asked for last comes last.
    private let plans = Mutex<[(key: Key, planning: Planning)]>([])

    /// Starts with none.
    ///
    /// - Parameter capacity: The most to keep; one of 10,000 images has some megabytes.
    init(capacity: Int = 4) {
        self.capacity = capacity
    }

    /// The plan of an archive.
    ///
    /// - Parameters:
    ///   - key: What it follows from.
    ///   - make: Makes it, if it is not there or being made already.
    /// - Returns: The plan.
    /// - Throws: What `make` threw, also if it was made for somebody else; the next one to ask makes it anew.
    func plan(
        _ key: Key,
        make: @escaping @Sendable () async throws -> ArchivePlan
    ) async throws -> ArchivePlan {
        let planning = plans.withLock { plans in
            let known = plans.firstIndex { $0.key == key }.map { plans.remove(at: $0).planning }
            let planning = known ?? Planning { try await make() }
            plans.append((key, planning))
            plans.removeFirst(max(0, plans.count - capacity))
            return planning
        }
        do {
            return try await planning.value
        } catch {
            plans.withLock { $0.removeAll { $0.key == key && $0.planning == planning } }
            throw error
        }
    }
}
