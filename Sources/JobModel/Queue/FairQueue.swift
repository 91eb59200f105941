/// Whose image is next: the rule by which the keys share the machine, by pixels and not by images.
///
/// First comes the key with the fewest pixels running, so that a flood of one key never keeps another one waiting for more than the
/// image that is under way. Among equals it is the one that has had least, by start-time fair queueing (Goyal, Vin and Cheng 1996):
/// every claim moves its key's account on by the claim's pixels, and a key that comes back after a pause begins where the others
/// are, without credit for the time when it wanted nothing. Within a key the earliest turn comes first, see ``JobPriority``.
public struct FairQueue: Sendable {
    /// What a key has had so far, in pixels of virtual time.
    public struct Share: Sendable, Hashable {
        /// Where its latest claim began.
        public let started: Int64
        /// Where its latest claim ended, and its next may begin.
        public let finished: Int64

        /// Puts a share together.
        public init(started: Int64, finished: Int64) {
            self.started = started
            self.finished = finished
        }
    }

    /// A key that has something to claim.
    public struct Candidate: Sendable, Hashable {
        /// The pixels of its images that are running.
        public let runningPixels: Int64
        /// What it has had; `nil` if it never had anything.
        public let share: Share?
        /// The turn of its first image, see ``JobPriority/turn(ofJobMadeAt:)``.
        public let turn: Int64
        /// The job of its first image; of equal turns the smaller one comes first.
        public let job: Int64

        /// Describes a key.
        public init(runningPixels: Int64, share: Share?, turn: Int64, job: Int64) {
            self.runningPixels = runningPixels
            self.share = share
            self.turn = turn
            self.job = job
        }
    }

    /// Where the latest claim of all keys began.
    private let clock: Int64

    /// Begins where the queue left off.
    ///
    /// - Parameter latestStart: The largest ``Share/started`` of all keys; 0 if there is none.
    public init(latestStart: Int64) {
        clock = latestStart
    }

    /// Chooses the key that is served next.
    ///
    /// - Parameter candidates: All that have something to claim.
    /// - Returns: The place of one of them; `nil` if there are none.
    public func next(among candidates: [Candidate]) -> Int? {
        candidates.indices.min { one, other in order(candidates[one]) < order(candidates[other]) }
    }

    /// What a key has had once it is given something.
    ///
    /// - Parameters:
    ///   - share: What it had before.
    ///   - pixels: What it is given.
    /// - Returns: What to keep for it.
    public func share(after share: Share?, taking pixels: Int64) -> Share {
        let start = start(of: share)
        return Share(started: start, finished: start + max(pixels, 1))
    }

    private func start(of share: Share?) -> Int64 {
        max(clock, share?.finished ?? 0)
    }

    private func order(_ candidate: Candidate) -> (Int64, Int64, Int64, Int64) {
        (candidate.runningPixels, start(of: candidate.share), candidate.turn, candidate.job)
    }
}
