import CodecHost
import JobModel
import Queue

/// The outcome and the durations of one claim of an image, for metrics.
public struct ImageAttempt: Sendable, Equatable {
    /// Receives each attempt, on the worker's task; must not block.
    public typealias Observer = @Sendable (ImageAttempt) -> Void

    /// How an attempt ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// The image is protected.
        case protected
        /// The image can never be protected.
        case failed
        /// The service's storage failed; the image is tried again if it has attempts left.
        case retried
        /// The codec process died on the image.
        case crashed
        /// The image was given back without counting the attempt.
        case released
    }

    /// A stage of an attempt.
    public enum Stage: String, Sendable, CaseIterable {
        /// From the time at which the image could be claimed to the claim.
        case queue
        /// Reading the file from disk: the image's share of the batch.
        case read
        /// From the file's bytes to samples, in the codec process.
        case decode
        /// From the samples to the bounded change, in the codec process.
        case network
        /// From the changed samples to the PNG, in the codec process.
        case encode
        /// Writing the PNG to disk: the image's share of the batch.
        case write
        /// Writing the outcome to the database: the image's share of the batch.
        case commit
    }

    /// How the attempt ended.
    public let outcome: Outcome
    /// The pixels of the protected image; 0 if there is none.
    public let pixels: Int
    /// The duration of each stage in seconds, without stages that were not reached or not measured.
    public let seconds: [Stage: Double]

    /// Creates an attempt.
    public init(outcome: Outcome, pixels: Int, seconds: [Stage: Double]) {
        self.outcome = outcome
        self.pixels = pixels
        self.seconds = seconds
    }
}

/// The durations of a batch that were measured before its results are written.
struct BatchTimes: Sendable {
    /// The time it took to read all files.
    let read: Duration
}

extension WorkerLoop {
    /// Reports every image of a finished batch to the observer.
    func report(
        _ batch: Batch,
        _ outcomes: [(ClaimedImage, ImageOutcome)],
        write: Duration,
        commit: Duration
    ) {
        func share(_ duration: Duration) -> Double {
            duration / .seconds(1) / Double(max(batch.entries.count, 1))
        }
        for (index, entry) in batch.entries.enumerated() {
            var seconds: [ImageAttempt.Stage: Double] = [
                .queue: entry.claim.waited / .seconds(1), .read: share(batch.times.read),
                .write: share(write), .commit: share(commit),
            ]
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
