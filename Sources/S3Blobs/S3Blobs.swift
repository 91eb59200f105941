public import BlobStorage
public import Cryptography
import POSIX
import Synchronization

/// Blobs in an object store that speaks S3, each under `PREFIX/blobs/ab/<64 digits>`.
///
/// A spool is a file of a local folder until its hash is known; placing it is one `PUT`. Bytes are
/// checked against their hash by whoever reads them, and nothing is asked of a store that not all
/// stores have: no conditional request, no checksum of theirs, no copy, no upload in parts.
///
/// Many processes may share a prefix. What a process is about to file is safe from another's
/// removal by its age alone (``BlobLedger``).
public final class S3Blobs: BlobStorage {
    private let client: S3Client
    private let scratch: String
    /// Distinguishes this object's spools from those of other processes.
    private let run: String
    private let counter = Atomic<UInt64>(0)

    /// Opens a storage; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - location: The bucket and the prefix in it.
    ///   - credentials: Where the keys that sign requests are; they are read now, and again when
    ///     the store refuses them.
    ///   - scratch: A local folder for spools, which must exist. No two processes may share it.
    ///   - observer: Receives each request with what came of it, for metrics.
    /// - Throws: ``BlobStorageError`` if libcurl or the keys are not there.
    public convenience init(
        location: S3Location,
        credentials: S3CredentialsSource,
        scratch: String,
        observer: @escaping StorageExchange.Observer = { _ in }
    ) throws(BlobStorageError) {
        try self.init(
            location: location,
            credentials: credentials,
            scratch: scratch,
            retries: RetryPolicy(),
            observer: observer
        )
    }

    init(
        location: S3Location,
        credentials: S3CredentialsSource,
        scratch: String,
        retries: RetryPolicy,
        observer: @escaping StorageExchange.Observer = { _ in }
    ) throws(BlobStorageError) {
        self.scratch = scratch
        let keys: CurrentCredentials
        do throws(S3CredentialsError) {
            keys = try CurrentCredentials(credentials)
        } catch {
            throw .unavailable(error.description)
        }
        do throws(HTTPFault) {
            client = try S3Client(
                location: location,
                credentials: keys,
                retries: retries,
                observer: observer
            )
        } catch {
            throw .unavailable(error.description)
        }
        do throws(CryptographyError) {
            run = String(try SecureRandom.uint64(), radix: 16)
        } catch {
            throw .other("the system gave no random number")
        }
    }

    private var folder: String { client.location.prefix + "blobs/" }

    private func key(of sha256: SHA256Digest) -> String {
        "\(folder)\(sha256.hex.prefix(2))/\(sha256.hex)"
    }

    // MARK: - Writing

    /// Starts a blob in a file of the local folder.
    public func newSpool() throws(BlobStorageError) -> any BlobSpool {
        let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
        return try S3Spool(blobs: self, path: "\(scratch)/\(run)-\(number)")
    }

    /// Sends a complete file, open for reading.
    func place(
        _ descriptor: Int32,
        _ reference: BlobReference
    ) throws(BlobStorageError) {
        try client.put(
            key(of: reference.sha256),
            .file(descriptor: descriptor, size: reference.size),
            sha256: reference.sha256
        )
    }

    /// Does nothing: an object whose `PUT` was answered is durable.
    public func makeDurable(_ blobs: [SHA256Digest]) {}

    /// Removes the spools that an earlier run has left in the local folder.
    ///
    /// - Throws: ``BlobStorageError`` if the disk fails.
    public func sweepTemporary() throws(BlobStorageError) {
        for name in try disk(Folder.names(in: scratch)) where !name.hasPrefix(run) {
            _ = try disk(FileSystem.unlink("\(scratch)/\(name)"))
        }
    }

    // MARK: - Reading

    /// Returns the size of a blob, by one request.
    public func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64? {
        try client.head(key(of: sha256))?.size
    }

    /// Opens a blob; each piece is a request of its own.
    public func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader {
        guard let size = try size(of: sha256) else { throw .notFound }
        return S3Reader(client: client, key: key(of: sha256), size: size)
    }

    /// Reads a whole blob by one request, and checks its hash.
    public func read(_ sha256: SHA256Digest) throws(BlobStorageError) -> [UInt8] {
        let bytes = try client.get(key(of: sha256), atMost: Self.maxBytes)
        guard SHA256.hash(bytes) == sha256 else { throw .corrupt }
        return bytes
    }

    /// The largest blob that is read at once.
    private static let maxBytes = 1 << 30

    // MARK: - Removing

    /// Removes a blob if it is old enough by the store's clock, by two requests.
    @discardableResult
    public func remove(
        _ sha256: SHA256Digest,
        ifOlderThan age: Duration
    ) throws(BlobStorageError) -> Bool {
        guard let object = try client.head(key(of: sha256)) else { return false }
        guard age <= .zero || object.age > age else { return false }
        try client.delete(key(of: sha256))
        return true
    }

    /// Lists all blobs, a thousand a request.
    public func list() throws(BlobStorageError) -> [SHA256Digest] {
        var found: [SHA256Digest] = []
        try client.list(folder) { keys throws(BlobStorageError) in
            for key in keys {
                let name = key.split(separator: "/").last ?? ""
                guard let sha256 = SHA256Digest(hex: String(name)), self.key(of: sha256) == key
                else { continue }
                found.append(sha256)
            }
        }
        return found
    }

    /// Asks for the bucket, since a blob that is missing does not tell whether its bucket is.
    ///
    /// - Throws: `BlobStorageError` if there is none, or nobody answers.
    public func checkBucket() throws(BlobStorageError) {
        try client.list("\(client.location.prefix)probe/") { _ in }
    }

    /// Stores a few bytes beside the blobs and removes them.
    public func checkWrites() throws(BlobStorageError) {
        let key = "\(client.location.prefix)probe/\(run)"
        let bytes = Array("palimpsest\n".utf8)
        try client.put(key, .bytes(bytes), sha256: SHA256.hash(bytes))
        try client.delete(key)
    }
}

/// A blob that is read piece by piece.
private struct S3Reader: BlobReader {
    let client: S3Client
    let key: String
    let size: UInt64

    func read(at offset: UInt64, count: Int) throws(BlobStorageError) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
            throw .rangeOutsideBlob
        }
        // A range cannot be empty.
        guard count > 0 else { return [] }
        // A store that knows no ranges answers with the whole blob.
        return try client.get(
            key,
            offset..<offset + UInt64(count),
            atMost: Int(clamping: size)
        )
    }
}
