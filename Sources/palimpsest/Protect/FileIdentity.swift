import Glibc

/// Which file it is, whatever its path.
struct FileIdentity: Hashable {
    let device: UInt64
    let node: UInt64

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
    }
}

/// What kind of thing a path leads to, links followed.
enum FileKind {
    case file(FileIdentity, size: Int)
    case folder(FileIdentity)
    case other

    /// Looks a path up; `nil` with errno if there is nothing.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file(FileIdentity(status), size: Int(status.st_size))
        case S_IFDIR: self = .folder(FileIdentity(status))
        default: self = .other
        }
    }
}
