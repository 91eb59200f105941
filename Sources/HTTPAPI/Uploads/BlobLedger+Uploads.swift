import BlobStorage
import Queue

extension BlobLedger {
    /// Files the spools of an upload; blocks on the disk.
    ///
    /// - Returns: The blob of each spool as its row will name it. The ledger notes all of them
    ///   until ``settle(_:)``.
    /// - Throws: Faults of the disk; then no blob is noted.
    func file(_ spools: [any BlobSpool]) throws -> [StoredBlob] {
        try commit(spools).map { StoredBlob(sha256: $0.sha256, size: $0.size) }
    }

    /// Records that the rows of an upload are written, or never will be.
    func settle(_ filed: [StoredBlob]) {
        settle(filed.map(\.sha256))
    }
}
