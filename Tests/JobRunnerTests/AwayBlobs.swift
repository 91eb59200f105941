import BlobStorage
import Cryptography
import LocalBlobs
import Synchronization

/// A storage that can be made not to answer.
final class AwayBlobs: BlobStorage {
    private let blobs: LocalBlobs
    private let isAway = Atomic(false)
    private let goesAway = Atomic(false)
    private let failures = Atomic(0)
    private let spools = Atomic(0)
    private let refused = Mutex<Set<Int>>([])

    init(over blobs: LocalBlobs) { self.blobs = blobs }

    /// How many calls were not answered.
    var failed: Int { failures.load(ordering: .relaxed) }

    func setAway(_ isAway: Bool) { self.isAway.store(isAway, ordering: .relaxed) }

    /// Answers until a blob has been read.
    func goAwayAfterRead() { goesAway.store(true, ordering: .relaxed) }

    /// Does not answer those calls for a new spool that have these numbers, counted from 1.
    func refuseSpools(_ numbers: Set<Int>) { refused.withLock { $0 = numbers } }

    private func answer() throws(BlobStorageError) {
        guard isAway.load(ordering: .relaxed) else { return }
        failures.wrappingAdd(1, ordering: .relaxed)
        throw .unreachable("nobody answers")
    }

    func newSpool() throws(BlobStorageError) -> any BlobSpool {
        try answer()
        let number = spools.wrappingAdd(1, ordering: .relaxed).newValue
        if refused.withLock({ $0.contains(number) }) {
            failures.wrappingAdd(1, ordering: .relaxed)
            throw .unreachable("nobody answers")
        }
        return try blobs.newSpool()
    }

    func makeDurable(_ names: [SHA256Digest]) throws(BlobStorageError) {
        try answer()
        try blobs.makeDurable(names)
    }

    func size(of sha256: SHA256Digest) throws(BlobStorageError) -> UInt64? {
        try answer()
        return try blobs.size(of: sha256)
    }

    func open(_ sha256: SHA256Digest) throws(BlobStorageError) -> any BlobReader {
        try answer()
        return try blobs.open(sha256)
    }

    func read(_ sha256: SHA256Digest) throws(BlobStorageError) -> [UInt8] {
        try answer()
        defer { if goesAway.load(ordering: .relaxed) { setAway(true) } }
        return try blobs.read(sha256)
    }

    func remove(
        _ sha256: SHA256Digest,
        ifOlderThan age: Duration
    ) throws(BlobStorageError) -> Bool {
        try answer()
        return try blobs.remove(sha256, ifOlderThan: age)
    }

    func list() throws(BlobStorageError) -> [SHA256Digest] {
        try answer()
        return try blobs.list()
    }

    func checkWrites() throws(BlobStorageError) {
        try answer()
        try blobs.checkWrites()
    }
}
