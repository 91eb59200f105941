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
    /// Whether pictures that the service has protected already are protected again.
    let protectsAgain: Bool
    let entries: [Entry]
    /// What the request is called, so that sending it again makes no second job.
    ///
    /// It is drawn, and follows from nothing: a batch that is made anew is to become a new job, whatever became of an earlier one.
    let idempotencyKey: String
    /// The job that it has become, once the server has said so.
    var job: JobIdentifier?

    /// Puts a batch together.
    ///
    /// - Parameters:
    ///   - settings: How the photos are protected.
    ///   - protectsAgain: Whether pictures that the service has protected already are protected again.
    ///   - entries: At least one.
    ///   - idempotencyKey: That of an earlier call; a new one is drawn without.
    ///   - job: The job of an earlier call.
    /// - Throws: `CryptographyError` if nothing can be drawn.
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

    /// Divides photos into batches, in order.
    ///
    /// - Parameters:
    ///   - pictures: The photos.
    ///   - maxImages: The most of one batch; at least 1.
    ///   - maxBytes: The most bytes of one batch; a photo that has more goes alone.
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

    /// A path that does not depend on where the process is.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
