import Cryptography
import FoundationEssentials
import JobModel

/// Photos that travel as one job.
struct Batch: Sendable {
    /// A photo and what was in it when it was read.
    struct Entry: Sendable {
        let picture: PlannedPicture
        /// Its path, wherever the next call is made from.
        let absolutePath: String
        let sha256: SHA256Digest
    }

    let settings: ProtectionSettings
    let entries: [Entry]
    /// The job that it has become, once the server has said so.
    var job: JobIdentifier?

    /// A name that follows from all that makes up the request, so that sending it again makes no second job.
    var idempotencyKey: String {
        let lines = entries.map { "\($0.picture.label)\n\($0.picture.name.base)\n\($0.sha256.hex)\n" }
        let how = "\(settings.mode.rawValue) \(settings.strength) \(settings.clip) \(settings.workingSize)\n"
        return SHA256.hash(Array(("palimpsest submit\n" + how + lines.joined()).utf8)).hex
    }

    /// Divides photos into batches, in order.
    ///
    /// - Parameters:
    ///   - pictures: The photos.
    ///   - maxImages: The most of one batch; at least 1.
    ///   - maxBytes: The most bytes of one batch; a photo that has more goes alone.
    /// - Returns: The photos of each batch.
    static func divide(_ pictures: [PlannedPicture], maxImages: Int, maxBytes: Int) -> [[PlannedPicture]] {
        var batches: [[PlannedPicture]] = []
        var (open, bytes): ([PlannedPicture], Int) = ([], 0)
        for picture in pictures {
            if !open.isEmpty, open.count == maxImages || bytes + picture.size > maxBytes {
                batches.append(open)
                (open, bytes) = ([], 0)
            }
            open.append(picture)
            bytes += picture.size
        }
        return open.isEmpty ? batches : batches + [open]
    }

    /// A path that does not depend on where the process is.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
