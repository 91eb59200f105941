import BlobStorage
import Glibc
import POSIX

/// Makes a system call on a spool's file and converts its error.
func disk<Value: ~Copyable>(
    _ call: @autoclosure () throws(SystemError) -> Value
) throws(BlobStorageError) -> Value {
    do throws(SystemError) {
        return try call()
    } catch {
        switch error.code {
        case ENOSPC, EDQUOT, EFBIG: throw .noSpace
        case EMFILE, ENFILE: throw .exhausted(error.description)
        case EIO, EROFS: throw .unavailable(error.description)
        default: throw .other(error.description)
        }
    }
}
