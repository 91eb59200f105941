import JobModel
import Synchronization

/// The jobs whose archives are being sent; they do not expire until the download is over.
final class JobReadings: Sendable {
    /// One download, which ends when its last reference is released.
    final class Reading: Sendable {
        private let job: JobIdentifier
        private let readings: JobReadings

        fileprivate init(of job: JobIdentifier, in readings: JobReadings) {
            self.job = job
            self.readings = readings
            readings.counts.withLock { $0[job, default: 0] += 1 }
        }

        deinit {
            readings.counts.withLock { counts in
                let count = counts[job, default: 0]
                counts[job] = count > 1 ? count - 1 : nil
            }
        }
    }

    private let counts = Mutex<[JobIdentifier: Int]>([:])

    /// The jobs with at least one download.
    var jobs: Set<JobIdentifier> {
        counts.withLock { Set($0.keys) }
    }

    /// Begins a download.
    ///
    /// - Returns: A token to hold until the download is over.
    func begin(_ job: JobIdentifier) -> Reading {
        Reading(of: job, in: self)
    }
}
