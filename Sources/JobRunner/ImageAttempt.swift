import CodecHost
import JobModel
import Queue

/// What one claim of an image came to, for metrics.
public struct ImageAttempt: Sendable, Equatable {
    /// Learns of each attempt, on the worker's task; must not block.
    public typealias Observer = @Sendable (ImageAttempt) -> Void

    /// How an attempt ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The image is protected.
        case protected
        /// The image cannot be protected.
        case failed
        /// The machine failed; the image waits for another attempt, if it has one left.
        case retried
        /// The codec process died on it.
        case crashed
        /// It was given back as it was.
        case released
    }

    /// A part of an attempt that takes time.
    public enum Stage: String, Sendable, CaseIterable {
        /// From when the image could be claimed to the claim.
        case queue
        /// Its file from the disk, its share of what was read together.
        case read
        /// From the file's bytes to samples, in the codec process.
        case decode
        /// From the samples to the bounded change, in the codec process.
        case network
        /// From the changed samples to the PNG, in the codec process.
        case encode
        /// The PNG to the disk, its share of what was written together.
        case write
        /// The outcome to the database, its share of what was committed together.
        case commit
    }

    /// How it ended.
    public let outcome: Outcome
    /// The pixels of the protected image; 0 without one.
    public let pixels: Int
    /// How long each stage took, in seconds; those that were not reached, or not measured, are left
    /// out.
    public let seconds: [Stage: Double]

    /// Describes an attempt.
    public init(outcome: Outcome, pixels: Int, seconds: [Stage: Double]) {
        self.outcome = outcome
        self.pixels = pixels
        self.seconds = seconds
    }
}

/// What was measured of the images that were claimed together, before they are written.
struct BatchTimes: Sendable {
    /// Reading all their files.
    let read: Duration
    /// How long each has waited for its claim, in seconds; empty if the store did not tell.
    let waits: Task<[Double], Never>
}

extension WorkerLoop {
    /// Tells the observer about every image of a batch that was written down.
    func report(
        _ batch: Batch,
        _ outcomes: [(ClaimedImage, ImageOutcome)],
        write: Duration,
        commit: Duration
    ) async {
        let waits = await batch.times.waits.value
        func share(_ duration: Duration) -> Double {
            duration / .seconds(1) / Double(max(batch.entries.count, 1))
        }
        for (index, entry) in batch.entries.enumerated() {
            var seconds: [ImageAttempt.Stage: Double] = [
                .read: share(batch.times.read), .write: share(write), .commit: share(commit),
            ]
            if waits.indices.contains(index) { seconds[.queue] = waits[index] }
            if case .protected(let image, _) = entry.outcome, let durations = image.durations {
                seconds[.decode] = durations.decode
                seconds[.network] = durations.network
                seconds[.encode] = durations.encode
            }
            observer(Self.attempt(outcomes[index].1, seconds))
        }
    }

    private static func attempt(
        _ outcome: ImageOutcome,
        _ seconds: [ImageAttempt.Stage: Double]
    ) -> ImageAttempt {
        switch outcome {
        case .done(_, _, let report, _):
            ImageAttempt(
                outcome: .protected,
                pixels: report.width * report.height,
                seconds: seconds
            )
        case .failed: ImageAttempt(outcome: .failed, pixels: 0, seconds: seconds)
        case .retry: ImageAttempt(outcome: .retried, pixels: 0, seconds: seconds)
        case .crashed: ImageAttempt(outcome: .crashed, pixels: 0, seconds: seconds)
        case .released: ImageAttempt(outcome: .released, pixels: 0, seconds: seconds)
        }
    }
}
