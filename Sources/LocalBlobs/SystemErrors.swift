import BlobStorage
import Glibc
import POSIX

extension BlobStorageError {
    /// The system returned no random bytes for the names of temporary files.
    static let randomUnavailable = BlobStorageError(SystemError(call: "getrandom", code: EAGAIN))

    /// Maps an errno to a storage error.
    init(_ error: SystemError) {
        self =
            switch error.code {
            case ENOSPC, EDQUOT, EFBIG: .noSpace
            case ENOENT: .notFound
            case EMFILE, ENFILE: .exhausted(error.description)
            case EIO, EROFS: .unavailable(error.description)
            default: .other(error.description)
            }
    }
}

/// Makes a system call and converts its error.
func disk<Value: ~Copyable>(
    _ call: @autoclosure () throws(SystemError) -> Value
) throws(BlobStorageError) -> Value {
    do throws(SystemError) {
        return try call()
    } catch {
        throw BlobStorageError(error)
    }
}
