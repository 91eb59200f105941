import BlobStorage
import Cryptography
import Logging
import POSIX

/// Reads a blob, or a range of it, piece by piece for a response.
///
/// A blob that is read in whole is checked on the way, and its last piece is withheld if the check
/// fails. A blob that is corrupt on disk thus ends the response early, which every client notices,
/// rather than pass for the picture.
///
/// The next piece is read and checked while the one before is being sent. The first is read by the
/// caller's task, which must prefer the disk's threads.
struct BlobPieces {
    private struct Piece: Sendable {
        let bytes: [UInt8]
        /// Of all bytes so far; `nil` for a range, which cannot be checked.
        let check: BlobCheck?
    }

    /// The most bytes read from disk, and passed to the socket, at once.
    static let pieceBytes: UInt64 = 256 << 10

    private let reader: any BlobReader
    private let sha256: SHA256Digest
    private let disk: BlockingExecutor
    private let logger: Logger
    private var rest: Range<UInt64>
    private var check: BlobCheck?
    private var ahead: Task<Piece, any Error>?

    /// Prepares to read.
    ///
    /// - Parameters:
    ///   - reader: The open blob.
    ///   - sha256: The blob's hash.
    ///   - check: What its bytes are checked against.
    ///   - size: The blob's size in bytes according to the database.
    ///   - range: The bytes to read, within the blob.
    ///   - disk: The executor that reads them.
    ///   - logger: Receives an error if the blob is corrupt.
    init(
        _ reader: any BlobReader,
        of sha256: SHA256Digest,
        check: BlobCheck,
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
        self.check = range == 0..<size ? check : nil
    }

    /// Reads the next piece.
    ///
    /// - Returns: The bytes; `nil` at the end.
    /// - Throws: `BlobStorageError.corrupt` in place of the last piece if the check fails; faults
    ///   of the disk.
    mutating func next() async throws -> [UInt8]? {
        let piece: Piece
        if let ahead {
            piece = try await ahead.value
        } else if let span = takeSpan() {
            piece = try Self.read(span, from: reader, check)
        } else {
            return nil
        }
        check = piece.check
        ahead = takeSpan().map { span in
            Task(executorPreference: disk) { [reader, check] in
                try Self.read(span, from: reader, check)
            }
        }
        if ahead == nil, let check, !check.isPassed {
            logger.error(
                "the disk has changed a file of the service; restore it from a backup, or erase its job and send the photos again",
                metadata: ["blob.sha256": "\(sha256)"]
            )
            throw BlobStorageError.corrupt
        }
        return piece.bytes
    }

    /// Takes what the next piece should have; `nil` at the end.
    private mutating func takeSpan() -> Range<UInt64>? {
        guard !rest.isEmpty else { return nil }
        let end = rest.lowerBound + min(Self.pieceBytes, UInt64(rest.count))
        defer { rest = end..<rest.upperBound }
        return rest.lowerBound..<end
    }

    private static func read(
        _ span: Range<UInt64>,
        from reader: any BlobReader,
        _ check: BlobCheck?
    ) throws -> Piece {
        let bytes = try reader.read(at: span.lowerBound, count: span.count)
        var check = check
        check?.update(bytes)
        return Piece(bytes: bytes, check: check)
    }
}
