package import BlobStorage
package import Cryptography

/// A place for one storage, with what its tests do behind its back; removed with its last reference.
package protocol TestedStorage: Sendable {
    /// Opens the storage over what the last one left.
    ///
    /// Called again, it stands for the next run after a kill.
    func open() throws -> any BlobStorage

    /// Makes a blob look as if it had been placed earlier; later, if the time is negative.
    func age(_ sha256: SHA256Digest, by time: Duration) throws

    /// Changes the bytes of a blob, as many as there were.
    func damage(_ sha256: SHA256Digest) throws

    /// How much is there of spools that were not placed.
    func unfinished() throws -> Int
}
