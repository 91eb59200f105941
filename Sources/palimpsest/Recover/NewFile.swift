import CLinux
import Glibc

/// A file that appears under its name when it is complete, and never in place of another.
///
/// Until then it lies beside that name under one of its own, which is all that a process that is killed leaves behind.
struct NewFile {
    /// Where it is written; it stays open when nothing can be opened any more.
    let descriptor: Int32
    private let path: String
    private let temporary: String

    /// Makes the file, empty, for its owner alone.
    ///
    /// - Throws: ``CommandFault`` where the name is taken or the folder cannot be written to.
    init(_ path: String) throws(CommandFault) {
        self.path = path
        temporary = "\(path).partial-\(getpid())"
        var status = stat()
        guard lstat(path, &status) != 0 else { throw Self.fault(path, "made", EEXIST) }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        let code = errno
        guard descriptor >= 0 else { throw Self.fault(path, "made", code) }
    }

    /// Writes bytes behind those that are there; it opens nothing.
    func write(_ bytes: [UInt8]) throws(CommandFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            let code = errno
            if count < 0, code == EINTR { continue }
            guard count > 0 else { throw Self.fault(path, "written", code) }
            rest = rest.dropFirst(count)
        }
    }

    /// Ends the file and gives it its name.
    func publish() throws(CommandFault) {
        guard fsync(descriptor) == 0 else { throw failed(errno) }
        guard close(descriptor) == 0 else { throw failed(errno) }
        let code = plm_rename_exclusive(temporary, path)
        guard code == 0 else { throw failed(code) }
    }

    /// Removes what has been written.
    func discard() {
        close(descriptor)
        unlink(temporary)
    }

    private func failed(_ code: Int32) -> CommandFault {
        unlink(temporary)
        return Self.fault(path, "written", code)
    }

    private static func fault(_ path: String, _ action: String, _ code: Int32) -> CommandFault {
        CommandFault("\(StandardError.printable(path)) cannot be \(action): \(SystemWords.of(code)).")
    }
}
