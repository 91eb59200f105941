import BlobStorage
import Glibc
import POSIX

extension BlobStorageError {
    /// The system gave no random bytes for the names of temporary files.
    static let randomUnavailable = BlobStorageError(SystemError(call: "getrandom", code: EAGAIN))

    /// Sorts what the system says.
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

/// Makes a system call, whose failure becomes one of the storage.
func disk<Value: ~Copyable>(
    _ call: @autoclosure () throws(SystemError) -> Value
) throws(BlobStorageError) -> Value {
    do throws(SystemError) {
        return try call()
    } catch {
        throw BlobStorageError(error)
    }
}
