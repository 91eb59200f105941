public import BlobStorage

extension LocalBlobs {
    /// How many files are written at once before the disk is synchronised as a whole: an fsync of
    /// each would make it write its journal as often.
    static let many = 8

    /// Ends spools: one syncfs for many, where the disk tells of what it could not write, or else an
    /// fsync of each once the disk has begun to write all.
    ///
    /// - Parameter spools: Spools of this storage.
    /// - Throws: ``BlobStorageError``; then some may be sealed and others discarded.
    public func seal(_ spools: [any BlobSpool]) throws(BlobStorageError) {
        let open = spools.compactMap { $0 as? LocalSpool }.filter(\.isOpen)
        if synchronizesDisk, open.count >= Self.many {
            try LocalSpool.sealTogether(open)
        } else if open.count > 1 {
            for spool in open { spool.startWriteback() }
        }
        // Those that are sealed already have nothing left to do; one that was discarded says so.
        for spool in spools { try spool.seal() }
    }
}
