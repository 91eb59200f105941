import CLinux
import Glibc

/// An open file, closed with its value.
///
/// Every method reads errno in the line after the call, before anything else can change it.
struct FileDescriptor: ~Copyable {
    private let descriptor: Int32

    /// Opens a file; descriptors are never inherited by child processes.
    init(opening path: String, flags: Int32, mode: mode_t = 0) throws(BlobStoreError) {
        while true {
            let result = open(path, flags | O_CLOEXEC, mode)
            let code = errno
            if result >= 0 {
                descriptor = result
                return
            }
            guard code == EINTR else { throw .failed("open", code) }
        }
    }

    deinit {
        // What is lost by an error here was either synchronised before or is thrown away.
        _ = close(descriptor)
    }

    /// Writes all the bytes at the end of what was written before.
    func write(_ bytes: UnsafeRawBufferPointer) throws(BlobStoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            let code = errno
            if count < 0 {
                guard code == EINTR else { throw .failed("write", code) }
            } else {
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Has the system begin to write a part to disk, so that ``synchronize()`` finds little left to wait for.
    ///
    /// It promises nothing, and does not fail.
    func startWriteback(of range: Range<UInt64>) {
        plm_start_writeback(descriptor, range.lowerBound, UInt64(range.count))
    }

    /// Reads until the buffer is full or the file ends; gives the number of bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(BlobStoreError) -> Int {
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(clamping: offset + UInt64(filled)))
            let code = errno
            if count < 0 {
                guard code == EINTR else { throw .failed("pread", code) }
            } else if count == 0 {
                break
            } else {
                filled += count
            }
        }
        return filled
    }

    /// Makes what was written survive a power cut.
    func synchronize() throws(BlobStoreError) {
        guard fsync(descriptor) == 0 else {
            let code = errno
            throw .failed("fsync", code)
        }
    }

    /// The file's size in bytes.
    func size() throws(BlobStoreError) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            throw .failed("fstat", code)
        }
        return UInt64(clamping: status.st_size)
    }
}

/// The calls on paths that the store needs.
enum FileSystem {
    /// Makes a folder that only its owner may enter; one that exists already is fine.
    ///
    /// - Returns: Whether it was made now.
    static func makeFolder(_ path: String) throws(BlobStoreError) -> Bool {
        guard mkdir(path, 0o700) != 0 else { return true }
        let code = errno
        guard code == EEXIST else { throw .failed("mkdir", code) }
        return false
    }

    /// Makes the names in a folder survive a power cut.
    static func synchronizeFolder(_ path: String) throws(BlobStoreError) {
        try FileDescriptor(opening: path, flags: O_RDONLY | O_DIRECTORY).synchronize()
    }

    static func rename(_ old: String, to new: String) throws(BlobStoreError) {
        guard Glibc.rename(old, new) == 0 else {
            let code = errno
            throw .failed("rename", code)
        }
    }

    /// Gives a file another name.
    ///
    /// - Returns: Whether that is possible: not across disks, nor where links are not allowed.
    /// - Throws: ``BlobStoreError/notFound`` if there is no such file.
    static func link(_ old: String, as new: String) throws(BlobStoreError) -> Bool {
        guard Glibc.link(old, new) != 0 else { return true }
        let code = errno
        switch code {
        case EEXIST: return true
        case ENOENT: throw .notFound
        case EXDEV, EPERM, EMLINK, EOPNOTSUPP: return false
        default: throw .failed("link", code)
        }
    }

    /// Removes a name.
    ///
    /// - Returns: Whether there was one.
    @discardableResult
    static func unlink(_ path: String) throws(BlobStoreError) -> Bool {
        guard Glibc.unlink(path) != 0 else { return true }
        let code = errno
        guard code == ENOENT else { throw .failed("unlink", code) }
        return false
    }

    /// Sets a file's times to now.
    static func touch(_ path: String) throws(BlobStoreError) {
        guard utimensat(AT_FDCWD, path, nil, 0) == 0 else {
            let code = errno
            throw .failed("utimensat", code)
        }
    }

    /// Sets a file's time of modification, in milliseconds since 1970.
    static func setTime(of path: String, to milliseconds: Int64) throws(BlobStoreError) {
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        // Before 1970, where a broken clock may stand, the rest is negative, which the call
        // refuses.
        let time = timespec(
            tv_sec: rest < 0 ? Int(seconds) - 1 : Int(seconds),
            tv_nsec: (Int(rest) + 1000) % 1000 * 1_000_000
        )
        guard utimensat(AT_FDCWD, path, [time, time], 0) == 0 else {
            let code = errno
            throw .failed("utimensat", code)
        }
    }

    /// The size of a file and its time of modification in milliseconds since 1970; `nil` if there
    /// is no such file.
    static func sizeAndTime(of path: String) throws(BlobStoreError) -> (size: UInt64, time: Int64)? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT { return nil }
            throw .failed("stat", code)
        }
        let time = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        return (UInt64(clamping: status.st_size), time)
    }

    /// How long ago a file was touched, on the disk's clock against the system's; `nil` if there is no such file.
    static func age(of path: String) throws(BlobStoreError) -> Duration? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            if code == ENOENT { return nil }
            throw .failed("stat", code)
        }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return .seconds(now.tv_sec - status.st_mtim.tv_sec) + .nanoseconds(now.tv_nsec - status.st_mtim.tv_nsec)
    }

    /// The names in a folder, in no order, without `.` and `..`.
    static func names(in path: String) throws(BlobStoreError) -> [String] {
        guard let folder = opendir(path) else {
            let code = errno
            throw .failed("opendir", code)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                let code = errno
                guard code == 0 else { throw .failed("readdir", code) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// The disk that holds a path.
    static func diskSpace(at path: String) throws(BlobStoreError) -> DiskSpace {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            let code = errno
            throw .failed("statvfs", code)
        }
        func bytes(_ blocks: fsblkcnt_t) -> UInt64 {
            UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue
        }
        return DiskSpace(size: bytes(status.f_blocks), free: bytes(status.f_bavail))
    }
}
