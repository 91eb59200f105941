public import BlobStorage

extension LocalBlobs {
    /// Writes 4 KiB to a spool, syncs them and discards them, to find out whether the disk takes
    /// writes.
    ///
    /// - Throws: ``BlobStorageError/noSpace`` and other disk errors.
    public func checkWrites() throws(BlobStorageError) {
        let spool = try newSpool()
        defer { spool.discard() }
        try spool.append(Array(repeating: 0, count: 4096))
        try spool.seal()
    }
}
