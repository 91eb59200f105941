/// Chooses the API key whose image is next, sharing the machine by pixels rather than by images.
///
/// The key with the fewest running pixels comes first, so a flood of images from one key delays
/// another key by at most the image in progress. Ties are broken by start-time fair queueing
/// (Goyal, Vin and Cheng 1996). Each claim advances its key's virtual time by the claim's pixels. A
/// key that returns after a pause starts at the current virtual time and gets no credit for the
/// pause. Within a key the earliest turn comes first; see ``JobPriority``.
public struct FairQueue: Sendable {
    /// A key's position in virtual time, in pixels.
    public struct Share: Sendable, Hashable {
        /// The start of its latest claim.
        public let started: Int64
        /// The end of its latest claim, at which the next one may start.
        public let finished: Int64

        /// Creates a share.
        public init(started: Int64, finished: Int64) {
            self.started = started
            self.finished = finished
        }
    }

    /// A key with images to claim.
    public struct Candidate: Sendable, Hashable {
        /// The pixels of the key's running images.
        public let runningPixels: Int64
        /// The key's share; `nil` if it has never claimed anything.
        public let share: Share?
        /// The turn of the key's first image; see ``JobPriority/turn(ofJobCreatedAt:)``.
        public let turn: Int64
        /// The job of the key's first image; among equal turns the smaller one comes first.
        public let job: Int64

        /// Creates a candidate.
        public init(runningPixels: Int64, share: Share?, turn: Int64, job: Int64) {
            self.runningPixels = runningPixels
            self.share = share
            self.turn = turn
            self.job = job
        }
    }

    /// The start of the latest claim of all keys.
    private let clock: Int64

    /// Resumes from a stored state.
    ///
    /// - Parameter latestStart: The largest ``Share/started`` of all keys; 0 if there is none.
    public init(latestStart: Int64) {
        clock = latestStart
    }

    /// Chooses the key to serve next.
    ///
    /// - Parameter candidates: All keys with images to claim.
    /// - Returns: The index of a candidate; `nil` if there are none.
    public func next(among candidates: [Candidate]) -> Int? {
        candidates.indices.min { one, other in order(candidates[one]) < order(candidates[other]) }
    }

    /// Returns a key's share after a claim.
    ///
    /// - Parameters:
    ///   - share: The share before the claim.
    ///   - pixels: The pixels of the claim.
    /// - Returns: The share to store.
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
