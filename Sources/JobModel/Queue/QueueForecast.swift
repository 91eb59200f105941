/// How much work will be done before a job's last image is: an approximation of what ``FairQueue`` will do if nothing more comes.
///
/// While a job waits for its own images and those before it in its key's queue, every other key gets as much as this one, or all
/// that it has if that is less.
public struct QueueForecast: Sendable {
    /// What is left to do of a job.
    public struct Work: Sendable, Hashable {
        /// Whose it is.
        public let tenant: APIKeyID
        /// When its turn is, see ``JobPriority/turn(ofJobMadeAt:)``.
        public let turn: Int64
        /// The pixels of its images that are queued or running.
        public let pixels: Int64

        /// Describes what is left.
        public init(tenant: APIKeyID, turn: Int64, pixels: Int64) {
            self.tenant = tenant
            self.turn = turn
            self.pixels = pixels
        }
    }

    /// The queue of one key: turns in order, and the pixels before each.
    private struct Line {
        var turns: [Int64] = []
        var before: [Int64] = []
        var total: Int64 = 0
    }

    private let lines: [APIKeyID: Line]

    /// Looks at a queue.
    ///
    /// - Parameter work: What is left of every job, in any order.
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

    /// The pixels that will be worked on until a job is at its end.
    ///
    /// - Parameter job: What is left of it; it need not be one of those in the queue, such as one that has just been made.
    /// - Returns: Its own pixels, those before it, and what the other keys get meanwhile.
    public func pixels(untilEndOf job: Work) -> Int64 {
        let own = before(job) + job.pixels
        return lines.reduce(own) { sum, line in
            line.key == job.tenant ? sum : sum + min(line.value.total, own)
        }
    }

    /// The pixels of the same key's jobs with earlier turns.
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
