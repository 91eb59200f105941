import Archive
import BlobStorage
import Cryptography
import Logging
import POSIX

/// An archive whose every byte is determined before it is sent, so that it has a length, an entity
/// tag and ranges.
///
/// It contains the protected images by number, each followed by its attachments. After these come
/// `index.html` if previews are among these, `manifest.json`, its signature, and `SHA256SUMS`, which
/// lists all other files in the format of `sha256sum --check`. Equal results give equal archives.
struct ArchivePlan: Sendable {
    /// A protected image or an attachment, and its place in the archive.
    struct Member: Sendable {
        let name: String
        let sha256: SHA256Digest
        let size: UInt64
        let crc32: UInt32
    }

    /// The source of a stretch of bytes.
    private enum Source: Sendable {
        case bytes([UInt8])
        case blob(SHA256Digest, size: UInt64, crc32: UInt32)

        var length: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .blob(_, let size, _): size
            }
        }
    }

    /// The protected images and their attachments.
    let members: [Member]
    private let layout: ZIPLayout
    private let sources: [Source]
    /// A digest that identifies the content of the archive.
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
    /// - Throws: `ArchiveError` for names that are unsafe paths or occur twice.
    init(members: [Member], page: [UInt8]? = nil, manifest: [UInt8], signature: [UInt8]) throws {
        var lines = members.map { "\($0.sha256.hex)  \($0.name)\n" }
        var signed = [(ArchiveNames.manifest, manifest), (ArchiveNames.signature, signature)]
        if let page { signed.insert((ArchiveNames.page, page), at: 0) }
        lines += signed.map { "\(SHA256.hash($0.1).hex)  \($0.0)\n" }
        let sums = Array(lines.joined().utf8)

        var entries = members.map { ZIPEntry(name: $0.name, size: $0.size, crc32: $0.crc32) }
        var files = members.map { Source.blob($0.sha256, size: $0.size, crc32: $0.crc32) }
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
        // SHA256SUMS contains the hash of every other file, so its own identifies them all.
        digest = SHA256.hash(sums)
    }

    /// Sends a range of the archive.
    ///
    /// The task must prefer the threads of the disk. Each file is opened only when it is due, so that
    /// an archive of thousands needs one descriptor. If the job is erased meanwhile, its remaining
    /// files are gone and the archive breaks off. ``JobDownloads`` keeps the job from expiring
    /// meanwhile.
    ///
    /// - Parameters:
    ///   - range: A range of bytes within the archive.
    ///   - blobs: The storage that has the images.
    ///   - disk: The executor that reads them.
    ///   - logger: Receives an error for each corrupt file.
    ///   - write: Writes the next bytes; suspends until they are on their way.
    /// - Throws: Faults of the disk; `BlobStorageError.corrupt`, see ``BlobPieces/next()``;
    ///   whatever `write` throws.
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
            case .blob(let sha256, let size, let crc32):
                let reader = try blobs.open(sha256)
                var pieces = BlobPieces(
                    reader,
                    of: sha256,
                    check: .crc32(crc32),
                    size: size,
                    range: wanted,
                    on: disk,
                    logger: logger
                )
                while let piece = try await pieces.next() {
                    // Few pieces are not whole, and whole ones need not be copied.
                    if pending.isEmpty, piece.count == BlobPieces.pieceBytes {
                        try await write(piece)
                        continue
                    }
                    pending += piece
                    try await writeFull()
                }
            }
            try await writeFull()
        }
        if !pending.isEmpty { try await write(pending) }
    }
}

/// The files at the top of an archive, beside the folders of the classes.
///
/// `ClassLabel.folderName` is never one of these names.
enum ArchiveNames {
    /// The settings of the job and the report of every image.
    static let manifest = "manifest.json"
    /// The photos beside their protected pictures, in archives with previews.
    static let page = "index.html"
    /// The manifest's Ed25519 signature, 64 bytes.
    static let signature = "manifest.json.sig"
    /// The SHA-256 of all other files.
    static let sums = "SHA256SUMS"
}
