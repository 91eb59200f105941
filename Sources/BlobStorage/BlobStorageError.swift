/// An error of a blob storage.
public enum BlobStorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The storage or the quota is full; nothing was stored.
    case noSpace
    /// No blob has this hash.
    case notFound
    /// The stored bytes no longer match the hash that names them.
    case corrupt
    /// The spool was placed, discarded, or broken by an earlier error.
    case spoolClosed
    /// The requested range is not inside the blob.
    case rangeOutsideBlob
    /// No descriptors or connections are left, for the moment; the clause says more.
    case exhausted(String)
    /// The storage fails or refuses writes until an operator steps in; the clause says more.
    case unavailable(String)
    /// What the storage needs does not answer now: the object store, or the database that has its
    /// notes. It says nothing about a blob and passes by itself; the clause says more.
    case unreachable(String)
    /// Any other error, as a clause.
    case other(String)

    /// A clause for an operator.
    public var description: String {
        switch self {
        case .noSpace: "the disk or the quota is full"
        case .notFound: "no blob has this hash"
        case .corrupt: "a blob no longer has the bytes it is filed under"
        case .spoolClosed: "a spool was used after it was closed"
        case .rangeOutsideBlob: "a range is not inside its blob"
        case .exhausted(let words), .unavailable(let words), .unreachable(let words),
            .other(let words):
            words
        }
    }
}
