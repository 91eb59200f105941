import Glibc

/// A small file of the data folder that nobody but its owner may read.
struct SecretFile {
    private static let maxBytes = 1024

    /// Where it lies.
    let path: String
    /// What it holds, as complaints name it: "The admin key".
    let purpose: String

    /// The file's text; `nil` if there is none.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be read.
    func read() throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            guard code == ENOENT else { throw fault("read", code) }
            return nil
        }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: Self.maxBytes)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count >= 0 else { throw fault("read", errno) }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Writes the file so that it is there whole, with mode 0600, or not at all.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be written.
    func write(_ text: String) throws {
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw fault("written", errno) }
        let bytes = Array(text.utf8)
        let isWritten = Glibc.write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten else {
            unlink(temporary)
            throw fault("written", code)
        }
        guard rename(temporary, path) == 0 else { throw fault("written", errno) }
        try synchroniseFolder()
    }

    /// Removes the file for good, if it is there.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be removed.
    func remove() throws {
        guard unlink(path) == 0 else {
            let code = errno
            guard code == ENOENT else { throw fault("removed", code) }
            return
        }
        try synchroniseFolder()
    }

    private func synchroniseFolder() throws {
        let name = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let folder = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw fault("written", errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw fault("written", errno) }
    }

    private func fault(_ action: String, _ code: Int32) -> DataFolder.Fault {
        DataFolder.Fault(description: "\(purpose) \(path) cannot be \(action): \(String(cString: strerror(code))).")
    }
}
