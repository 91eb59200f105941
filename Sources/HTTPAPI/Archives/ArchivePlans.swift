import JobModel
import Synchronization

/// Caches the plans of the most recently requested archives.
///
/// A client that fetches ranges of an archive, or several at a time, has it planned only once. Only
/// archives of jobs that have ended are cached, as others change at any moment.
final class ArchivePlans: Sendable {
    /// The identity of an archive's content.
    struct Key: Hashable, Sendable {
        let job: JobIdentifier
        /// The highest ending of the job's images; it grows when a retried job ends again.
        let lastEnding: Int64
        /// Whether the archive contains previews.
        let hasPreviews: Bool
    }

    private typealias Planning = Task<ArchivePlan, any Error>

    private let capacity: Int
    /// The most recently requested plan comes last.
    private let plans = Mutex<[(key: Key, planning: Planning)]>([])

    /// Creates an empty cache.
    ///
    /// - Parameter capacity: The most plans to keep; the plan of 10,000 images takes some
    ///   megabytes.
    init(capacity: Int = 4) {
        self.capacity = capacity
    }

    /// Returns the plan of an archive.
    ///
    /// - Parameters:
    ///   - key: The identity of its content.
    ///   - make: Creates the plan, unless it is cached or being created.
    /// - Returns: The plan.
    /// - Throws: Whatever `make` threw, even for another caller. The failure is not cached.
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
