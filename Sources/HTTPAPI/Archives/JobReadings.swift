import JobModel
import Synchronization

/// Which jobs' archives are being sent, so that none expires under a download that began in time.
final class JobReadings: Sendable {
    /// One archive on its way; it ends with its last reference.
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

    /// The jobs that are being read.
    var jobs: Set<JobIdentifier> {
        counts.withLock { Set($0.keys) }
    }

    /// Notes that a job is read from now on.
    ///
    /// - Returns: What must be kept for as long as it is.
    func begin(_ job: JobIdentifier) -> Reading {
        Reading(of: job, in: self)
    }
}
