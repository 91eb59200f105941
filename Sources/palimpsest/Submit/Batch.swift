import Cryptography
import FoundationEssentials
import JobModel

/// Photos that are sent as one job.
struct Batch: Sendable {
    /// A photo and its hash at the time it was read.
    struct Entry: Sendable {
        let picture: PlannedPicture
        /// The absolute path, so that a later run may start in another working directory.
        let absolutePath: String
        let sha256: SHA256Digest
    }

    let settings: ProtectionSettings
    /// Whether to protect again pictures that the service has already protected.
    let protectsAgain: Bool
    let entries: [Entry]
    /// The idempotency key of the request, with which a repeated request creates no second job.
    ///
    /// The key is random rather than derived from the photos: a batch built anew must become a new
    /// job, whatever happened to an earlier one.
    let idempotencyKey: String
    /// The job created from the batch, once the server has reported it.
    var job: JobIdentifier?

    /// Creates a batch.
    ///
    /// - Parameters:
    ///   - settings: The protection settings.
    ///   - protectsAgain: Whether to protect again pictures that the service has already protected.
    ///   - entries: The photos, at least one.
    ///   - idempotencyKey: The key of an earlier run; `nil` for a random one.
    ///   - job: The job of an earlier run.
    /// - Throws: `CryptographyError` if no random number is available.
    init(
        settings: ProtectionSettings,
        protectsAgain: Bool,
        entries: [Entry],
        idempotencyKey: String? = nil,
        job: JobIdentifier? = nil
    ) throws {
        self.settings = settings
        self.protectsAgain = protectsAgain
        self.entries = entries
        self.idempotencyKey = try idempotencyKey ?? Self.drawnKey()
        self.job = job
    }

    private static func drawnKey() throws -> String {
        try (0..<2).map { _ in String(try SecureRandom.uint64(), radix: 36) }.joined(separator: "-")
    }

    /// Divides photos into batches, keeping their order.
    ///
    /// - Parameters:
    ///   - pictures: The photos.
    ///   - maxImages: The maximum number of photos in a batch, at least 1.
    ///   - maxBytes: The maximum size of a batch in bytes; a larger photo is a batch of its own.
    /// - Returns: The photos of each batch.
    static func divide(
        _ pictures: [PlannedPicture],
        maxImages: Int,
        maxBytes: Int
    ) -> [[PlannedPicture]] {
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

    /// Returns an absolute path, which does not depend on the working directory.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
