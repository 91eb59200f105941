/// What can go wrong with a blob.
public enum BlobStorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The storage, or the quota, is full; nothing was stored.
    case noSpace
    /// No blob has this hash.
    case notFound
    /// The bytes that are stored no longer have the hash they are filed under.
    case corrupt
    /// The spool was placed, discarded, or broken by an earlier error.
    case spoolClosed
    /// The range asked for is not inside the blob.
    case rangeOutsideBlob
    /// There are no descriptors or connections left; in a moment there are. The clause says more.
    case exhausted(String)
    /// The storage does not work, or takes nothing, until an operator has looked at it; the clause
    /// says more.
    case unavailable(String)
    /// Anything else that went wrong, in a clause.
    case other(String)

    /// One clause for an operator.
    public var description: String {
        switch self {
        case .noSpace: "the disk or the quota is full"
        case .notFound: "no blob has this hash"
        case .corrupt: "a blob no longer has the bytes it is filed under"
        case .spoolClosed: "a spool was used after its end"
        case .rangeOutsideBlob: "a range is not inside its blob"
        case .exhausted(let words), .unavailable(let words), .other(let words): words
        }
    }
}
