/// Estimates how much work will be done before a job's last image is finished.
///
/// It approximates what ``FairQueue`` will do if nothing is added. While a job waits for its own
/// images and for those before it in its key's queue, every other key is served as many pixels, or
/// all it has if that is less.
public struct QueueForecast: Sendable {
    /// The remaining work of a job.
    public struct Work: Sendable, Hashable {
        /// The API key that owns the job.
        public let tenant: APIKeyID
        /// The job's turn; see ``JobPriority/turn(ofJobCreatedAt:)``.
        public let turn: Int64
        /// The pixels of the job's queued and running images.
        public let pixels: Int64

        /// Describes the remaining work of a job.
        public init(tenant: APIKeyID, turn: Int64, pixels: Int64) {
            self.tenant = tenant
            self.turn = turn
            self.pixels = pixels
        }
    }

    /// The queue of one key: the turns in ascending order, and the pixels before each.
    private struct Line {
        var turns: [Int64] = []
        var before: [Int64] = []
        var total: Int64 = 0
    }

    private let lines: [APIKeyID: Line]

    /// Examines a queue.
    ///
    /// - Parameter work: The remaining work of every job, in any order.
    public init(_ work: [Work]) {
        var lines: [APIKeyID: Line] = [:]
        for job in work.sorted(by: { $0.turn < $1.turn }) {
            lines[job.tenant, default: Line()].turns.append(job.turn)
            let total = lines[job.tenant]?.total ?? 0
            lines[job.tenant]?.before.append(total)
            lines[job.tenant]?.total = total + job.pixels
        }
        self.lines = lines
    }

    /// Returns the pixels to be processed until a job ends.
    ///
    /// - Parameter job: The job's remaining work. The job need not be in the queue; it may have
    ///   just been created.
    /// - Returns: The pixels of the job and of those before it, and the other keys' pixels served
    ///   meanwhile.
    public func pixels(untilEndOf job: Work) -> Int64 {
        let own = before(job) + job.pixels
        return lines.reduce(own) { sum, line in
            line.key == job.tenant ? sum : sum + min(line.value.total, own)
        }
    }

    /// Returns the pixels of the same key's jobs with earlier turns.
    private func before(_ job: Work) -> Int64 {
        guard let line = lines[job.tenant] else { return 0 }
        var (low, high) = (0, line.turns.count)
        while low < high {
            let middle = (low + high) / 2
            if line.turns[middle] < job.turn { low = middle + 1 } else { high = middle }
        }
        return low < line.before.count ? line.before[low] : line.total
    }
}
