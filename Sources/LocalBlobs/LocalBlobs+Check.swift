public import BlobStorage

extension LocalBlobs {
    /// Writes a little and throws it away, to find out whether anything can be written.
    ///
    /// - Throws: ``BlobStorageError/noSpace`` and other faults of the disk.
    public func checkWrites() throws(BlobStorageError) {
        let spool = try newSpool()
        defer { spool.discard() }
        try spool.append(Array(repeating: 0, count: 4096))
        try spool.seal()
    }
}
