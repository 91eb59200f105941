import Glibc
import POSIX

/// What can go wrong with a blob.
public enum BlobStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The disk, or the quota, is full (`ENOSPC`, `EDQUOT`, `EFBIG`); nothing was stored.
    case noSpace
    /// No blob has this hash.
    case notFound
    /// The bytes on disk no longer have the hash they are filed under.
    case corrupt
    /// The spool was committed, discarded, or broken by an earlier error.
    case spoolClosed
    /// The range asked for is not inside the blob.
    case rangeOutsideBlob
    /// A system call failed: its name and its errno.
    case system(call: String, errno: Int32)

    /// One clause for an operator.
    public var description: String {
        switch self {
        case .noSpace: "the disk or the quota is full"
        case .notFound: "no blob has this hash"
        case .corrupt: "a blob no longer has the bytes it is filed under"
        case .spoolClosed: "a spool was used after its end"
        case .rangeOutsideBlob: "a range is not inside its blob"
        case .system(let call, let code): SystemError(call: call, code: code).description
        }
    }

    /// The system gave no random bytes for the names of temporary files.
    static let randomUnavailable = BlobStoreError.system(call: "getrandom", errno: EAGAIN)

    /// Sorts what the system says.
    init(_ error: SystemError) {
        self =
            switch error.code {
            case ENOSPC, EDQUOT, EFBIG: .noSpace
            case ENOENT: .notFound
            default: .system(call: error.call, errno: error.code)
            }
    }
}

/// Makes a system call, whose failure becomes one of the store.
func disk<Value: ~Copyable>(
    _ call: @autoclosure () throws(SystemError) -> Value
) throws(BlobStoreError) -> Value {
    do throws(SystemError) {
        return try call()
    } catch {
        throw BlobStoreError(error)
    }
}
