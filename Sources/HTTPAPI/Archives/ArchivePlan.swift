import Archive
import BlobStorage
import Cryptography
import Logging
import POSIX

/// An archive that is known to the byte before any of it is sent, so that it has a length, a tag and ranges.
///
/// It holds the protected images in the order of their numbers, each followed by its attachments, then `manifest.json` with its signature, then `SHA256SUMS`, which lists
/// all the others in the form that `sha256sum --check` reads. Equal results give equal archives.
struct ArchivePlan: Sendable {
    /// A protected image and its place in the archive.
    struct Member: Sendable {
        let name: String
        let sha256: SHA256Digest
        let size: UInt64
        let crc32: UInt32
    }

    /// Where the bytes of a stretch of the archive come from.
    private enum Source: Sendable {
        case bytes([UInt8])
        case blob(SHA256Digest, size: UInt64)

        var length: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .blob(_, let size): size
            }
        }
    }

    /// The protected images and their attachments.
    let members: [Member]
    private let layout: ZIPLayout
    private let sources: [Source]
    /// A digest of everything in the archive.
    let digest: SHA256Digest

    /// The length of the archive in bytes.
    var length: UInt64 { layout.totalLength }

    /// Plans an archive.
    ///
    /// - Parameters:
    ///   - members: The protected images and their attachments.
    ///   - page: The bytes of `index.html`; `nil` for none.
    ///   - manifest: The bytes of `manifest.json`.
    ///   - signature: The manifest's signature.
    /// - Throws: `ArchiveError` for names that are no safe paths, or equal.
    init(members: [Member], page: [UInt8]? = nil, manifest: [UInt8], signature: [UInt8]) throws {
        var lines = members.map { "\($0.sha256.hex)  \($0.name)\n" }
        var signed = [(ArchiveNames.manifest, manifest), (ArchiveNames.signature, signature)]
        if let page { signed.insert((ArchiveNames.page, page), at: 0) }
        lines += signed.map { "\(SHA256.hash($0.1).hex)  \($0.0)\n" }
        let sums = Array(lines.joined().utf8)

        var entries = members.map { ZIPEntry(name: $0.name, size: $0.size, crc32: $0.crc32) }
        var files = members.map { Source.blob($0.sha256, size: $0.size) }
        for (name, bytes) in signed + [(ArchiveNames.sums, sums)] {
            entries.append(
                ZIPEntry(name: name, size: UInt64(bytes.count), crc32: CRC32.checksum(bytes))
            )
            files.append(.bytes(bytes))
        }
        layout = try ZIPLayout(entries: entries)
        self.members = members
        var sources: [Source] = []
        sources.reserveCapacity(files.count * 2 + 1)
        for (index, file) in files.enumerated() {
            sources.append(.bytes(layout.localHeader(at: index)))
            sources.append(file)
        }
        sources.append(.bytes(layout.trailer()))
        self.sources = sources
        // The sums name every other file by its content, so their digest stands for the whole.
        digest = SHA256.hash(sums)
    }

    /// Sends a range of the archive.
    ///
    /// Each file is opened when its turn comes, so that an archive of thousands holds one descriptor. A job that is erased meanwhile loses the
    /// rest of its files, and the archive ends there; what keeps a job from expiring meanwhile is ``JobReadings``.
    ///
    /// - Parameters:
    ///   - range: Bytes inside the archive.
    ///   - blobs: Where the images are.
    ///   - disk: Where they are read.
    ///   - logger: Is told of files that have changed.
    ///   - write: Takes the next bytes; it suspends until they are on their way.
    /// - Throws: Faults of the disk, among them that of a file which has changed, and whatever `write` throws.
    func send(
        _ range: Range<UInt64>,
        from blobs: any BlobStorage,
        on disk: BlockingExecutor,
        logger: Logger,
        to write: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        var start: UInt64 = 0
        var pending: [UInt8] = []
        func writeFull() async throws {
            guard pending.count >= Int(BlobPieces.pieceBytes) else { return }
            try await write(pending)
            pending = []
        }
        for source in sources {
            let end = start + source.length
            defer { start = end }
            guard end > range.lowerBound, start < range.upperBound, start < end else { continue }
            let wanted =
                (max(start, range.lowerBound) - start)..<(min(end, range.upperBound) - start)
            switch source {
            case .bytes(let bytes):
                pending += bytes[Int(wanted.lowerBound)..<Int(wanted.upperBound)]
            case .blob(let sha256, let size):
                let reader = try await disk.run { try blobs.open(sha256) }
                var pieces = BlobPieces(
                    reader,
                    of: sha256,
                    size: size,
                    range: wanted,
                    on: disk,
                    logger: logger
                )
                while let piece = try await pieces.next() {
                    pending += piece
                    try await writeFull()
                }
            }
            try await writeFull()
        }
        if !pending.isEmpty { try await write(pending) }
    }
}

/// The files of an archive beside the classes' folders, none of which may be called so: `ClassLabel.folderName` knows them.
enum ArchiveNames {
    /// What was done to every image.
    static let manifest = "manifest.json"
    /// Photos beside their protected pictures, in archives with previews.
    static let page = "index.html"
    /// The manifest's Ed25519 signature, 64 bytes.
    static let signature = "manifest.json.sig"
    /// The digests of all other files.
    static let sums = "SHA256SUMS"
}
