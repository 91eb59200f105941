package import BlobStorage
package import Cryptography
import Synchronization

/// A storage in memory: the least that the port asks for.
package final class MemoryBlobs: BlobStorage {
    /// What outlives the storage, as a disk does.
    fileprivate final class Contents: Sendable {
        struct Blob {
            var bytes: [UInt8]
            var placed = ContinuousClock.now
        }

        let blobs = Mutex<[SHA256Digest: Blob]>([:])
        let spools = Atomic(0)
        let isFull = Atomic(false)
    }

    fileprivate let contents: Contents

    fileprivate init(_ contents: Contents) {
        self.contents = contents
    }

    package convenience init() {
        self.init(Contents())
    }

    /// Makes every later attempt to place a blob fail, or end that.
    package func setFull(_ isFull: Bool) {
        contents.isFull.store(isFull, ordering: .sequentiallyConsistent)
    }

    package func newSpool() -> any BlobSpool {
        MemorySpool(contents)
    }

    package func makeDurable(_ blobs: [SHA256Digest]) {}

    package func size(of sha256: SHA256Digest) -> UInt64? {
        contents.blobs.withLock { $0[sha256].map { UInt64($0.bytes.count) } }
    }

    package func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader {
        guard let size = size(of: sha256) else { throw .notFound }
        return MemoryReader(contents: contents, sha256: sha256, size: size)
    }

    package func remove(_ sha256: SHA256Digest, ifOlderThan age: Duration) -> Bool {
        contents.blobs.withLock { blobs in
            guard let blob = blobs[sha256], age <= .zero || blob.placed.duration(to: .now) > age
            else { return false }
            return blobs.removeValue(forKey: sha256) != nil
        }
    }

    package func list() -> [SHA256Digest] {
        contents.blobs.withLock { Array($0.keys) }
    }

    package func checkWrites() throws(BlobStorageError) {
        if contents.isFull.load(ordering: .sequentiallyConsistent) { throw .noSpace }
    }
}

/// It asks for its blob at each piece, as a reader of an object store does.
private struct MemoryReader: BlobReader {
    let contents: MemoryBlobs.Contents
    let sha256: SHA256Digest
    let size: UInt64

    func read(at offset: UInt64, count: Int) throws(BlobStorageError) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset
        else { throw .rangeOutsideBlob }
        guard let bytes = contents.blobs.withLock({ $0[sha256]?.bytes }) else { throw .notFound }
        guard UInt64(bytes.count) == size else { throw .corrupt }
        return Array(bytes[Int(offset)..<Int(offset) + count])
    }
}

private final class MemorySpool: BlobSpool {
    private struct State {
        var bytes: [UInt8] = []
        var isSealed = false
        var isClosed = false
    }

    private let memory: MemoryBlobs.Contents
    private let state = Mutex(State())

    init(_ memory: MemoryBlobs.Contents) {
        self.memory = memory
        memory.spools.add(1, ordering: .sequentiallyConsistent)
    }

    deinit { discard() }

    var size: UInt64 { state.withLock { UInt64($0.bytes.count) } }

    func append(_ bytes: [UInt8]) throws(BlobStorageError) {
        try state.withLock { state throws(BlobStorageError) in
            guard !state.isSealed, !state.isClosed else { throw .spoolClosed }
            state.bytes += bytes
        }
    }

    func seal() throws(BlobStorageError) -> BlobReference {
        let bytes = try contents()
        return BlobReference(sha256: SHA256.hash(bytes), size: UInt64(bytes.count))
    }

    func contents() throws(BlobStorageError) -> [UInt8] {
        try state.withLock { state throws(BlobStorageError) in
            guard !state.isClosed else { throw .spoolClosed }
            state.isSealed = true
            return state.bytes
        }
    }

    func place() throws(BlobStorageError) -> BlobReference {
        let blob = try seal()
        let bytes = try contents()
        discard()
        guard !memory.isFull.load(ordering: .sequentiallyConsistent) else { throw .noSpace }
        memory.blobs.withLock { $0[blob.sha256] = MemoryBlobs.Contents.Blob(bytes: bytes) }
        return blob
    }

    func discard() {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if wasOpen { memory.spools.subtract(1, ordering: .sequentiallyConsistent) }
    }
}

/// A memory that outlives the storages that are opened over it.
package final class TestedMemory: TestedStorage {
    private let contents = MemoryBlobs.Contents()

    package init() {}

    package func open() -> any BlobStorage {
        MemoryBlobs(contents)
    }

    package func age(_ sha256: SHA256Digest, by time: Duration) {
        contents.blobs.withLock { $0[sha256]?.placed -= time }
    }

    package func damage(_ sha256: SHA256Digest) {
        contents.blobs.withLock { $0[sha256]?.bytes[0] ^= 1 }
    }

    package func unfinished() -> Int {
        contents.spools.load(ordering: .sequentiallyConsistent)
    }
}
