import BlobStorage
import Cryptography
import Logging
import POSIX

/// The bytes of a blob, or of a part of it, piece by piece for a response.
///
/// A blob that is read whole is hashed on the way, and its last piece is kept back unless the hash is the one it is filed under: where the disk has changed a
/// byte, the response ends early, which every client notices, instead of passing for the picture.
struct BlobPieces {
    /// The most bytes that are read from disk, and handed to the socket, at once.
    static let pieceBytes: UInt64 = 128 << 10

    private let reader: any BlobReader
    private let sha256: SHA256Digest
    private let disk: BlockingExecutor
    private let logger: Logger
    private var rest: Range<UInt64>
    /// `nil` for a part, of which nothing can be said.
    private var hash: SHA256?

    /// Begins to read.
    ///
    /// - Parameters:
    ///   - reader: The open blob.
    ///   - sha256: The hash it is filed under.
    ///   - size: Its size as the database has it, in bytes.
    ///   - range: The bytes wanted, inside the blob.
    ///   - disk: Where they are read.
    ///   - logger: Is told of bytes that have changed.
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

    /// Reads on.
    ///
    /// - Returns: The next bytes; `nil` at the end.
    /// - Throws: `BlobStorageError.corrupt` instead of the last bytes if the blob is not what it was;
    ///   faults of the disk.
    mutating func next() async throws -> [UInt8]? {
        guard !rest.isEmpty else { return nil }
        let (start, count) = (rest.lowerBound, min(Self.pieceBytes, UInt64(rest.count)))
        let piece = try await disk.run { [reader] in try reader.read(at: start, count: Int(count)) }
        rest = (start + count)..<rest.upperBound
        hash?.update(piece)
        if rest.isEmpty, let hash, hash.finalize() != sha256 {
            logger.error(
                "the disk has changed a file of the service; restore it from a backup, or erase its job and send the photos again",
                metadata: ["blob.sha256": "\(sha256)"]
            )
            throw BlobStorageError.corrupt
        }
        return piece
    }
}
