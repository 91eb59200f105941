public import BlobStorage
import Dispatch
import POSIX
import Synchronization

extension LocalBlobs {
    /// How many files are written at once before the disk is synchronised as a whole: an fsync of
    /// each would make it write its journal as often.
    static let many = 8

    /// Ends spools: one syncfs for many, where the disk tells of what it could not write, or else an
    /// fsync of each, several at once.
    ///
    /// - Parameter spools: Spools of this storage.
    /// - Throws: ``BlobStorageError``; then some may be sealed and others discarded.
    public func seal(_ spools: [any BlobSpool]) throws(BlobStorageError) {
        let open = spools.compactMap { $0 as? LocalSpool }.filter(\.isOpen)
        if synchronizesDisk, open.count >= Self.many {
            try LocalSpool.sealTogether(open)
        } else if open.count > 1 {
            try sealAtOnce(open)
        }
        // Those that were discarded meanwhile say so.
        for spool in spools { try spool.seal() }
    }

    private func sealAtOnce(_ spools: [LocalSpool]) throws(BlobStorageError) {
        let fault = Mutex<BlobStorageError?>(nil)
        DispatchQueue.concurrentPerform(iterations: spools.count) { index in
            do throws(BlobStorageError) {
                try spools[index].seal()
            } catch {
                fault.withLock { $0 = error }
            }
        }
        if let fault = fault.withLock({ $0 }) { throw fault }
    }
}
