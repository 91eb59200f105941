import JobModel
import Synchronization

/// The jobs whose archives are being sent; they do not expire until the download is over.
final class JobDownloads: Sendable {
    /// One download, which ends when its last reference is released.
    final class Download: Sendable {
        private let job: JobIdentifier
        private let downloads: JobDownloads

        fileprivate init(of job: JobIdentifier, in downloads: JobDownloads) {
            self.job = job
            self.downloads = downloads
            downloads.counts.withLock { $0[job, default: 0] += 1 }
        }

        deinit {
            downloads.counts.withLock { counts in
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
    func begin(_ job: JobIdentifier) -> Download {
        Download(of: job, in: self)
    }
}
