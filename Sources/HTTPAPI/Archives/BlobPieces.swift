import BlobStorage
import Cryptography
import Logging
import POSIX

/// Reads a blob, or a range of it, piece by piece for a response.
///
/// A blob that is read in whole is hashed on the way, and its last piece is withheld if the hash is
/// wrong. A blob that is corrupt on disk thus ends the response early, which every client notices,
/// rather than pass for the picture.
///
/// The next piece is read and hashed while the one before is being sent.
struct BlobPieces {
    private struct Piece: Sendable {
        let bytes: [UInt8]
        /// Of all bytes so far; `nil` for a range, which cannot be verified.
        let hash: SHA256?
    }

    /// The most bytes read from disk, and passed to the socket, at once.
    static let pieceBytes: UInt64 = 128 << 10

    private let reader: any BlobReader
    private let sha256: SHA256Digest
    private let disk: BlockingExecutor
    private let logger: Logger
    private var rest: Range<UInt64>
    private var hash: SHA256?
    private var ahead: Task<Piece, any Error>?

    /// Prepares to read.
    ///
    /// - Parameters:
    ///   - reader: The open blob.
    ///   - sha256: The blob's hash.
    ///   - size: The blob's size in bytes according to the database.
    ///   - range: The bytes to read, within the blob.
    ///   - disk: The executor that reads them.
    ///   - logger: Receives an error if the blob is corrupt.
    init(
        _ reader: any BlobReader,
        of sha256: SHA256Digest,
        size: UInt64,
        range: Range<UInt64>,
        on disk: BlockingExecutor,
        logger: Logger
    ) {
        self.reader = reader
        self.sha256 = sha256
        self.disk = disk
        self.logger = logger
        rest = range
        hash = range == 0..<size ? SHA256() : nil
    }

    /// Reads the next piece.
    ///
    /// - Returns: The bytes; `nil` at the end.
    /// - Throws: `BlobStorageError.corrupt` in place of the last piece if the hash is wrong; faults
    ///   of the disk.
    mutating func next() async throws -> [UInt8]? {
        guard let piece = try await (ahead ?? readAhead())?.value else { return nil }
        hash = piece.hash
        ahead = readAhead()
        if ahead == nil, let hash, hash.finalize() != sha256 {
            logger.error(
                "the disk has changed a file of the service; restore it from a backup, or erase its job and send the photos again",
                metadata: ["blob.sha256": "\(sha256)"]
            )
            throw BlobStorageError.corrupt
        }
        return piece.bytes
    }

    /// Begins to read the next piece; returns `nil` at the end.
    private mutating func readAhead() -> Task<Piece, any Error>? {
        guard !rest.isEmpty else { return nil }
        let (start, count) = (rest.lowerBound, min(Self.pieceBytes, UInt64(rest.count)))
        rest = (start + count)..<rest.upperBound
        return Task { [disk, reader, hash] in
            try await disk.run {
                let bytes = try reader.read(at: start, count: Int(count))
                var hash = hash
                hash?.update(bytes)
                return Piece(bytes: bytes, hash: hash)
            }
        }
    }
}
