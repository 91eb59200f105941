import POSIX

/// A small file in the data folder that only its owner may read.
struct SecretFile {
    private static let maxBytes = 1024

    /// The path of the file.
    let path: String
    /// The content's name at the start of an error message, such as "The admin key".
    let purpose: String

    /// Reads the file's text, at most 1 KiB; `nil` if there is no file.
    ///
    /// - Throws: `DataFolder.Fault` if it cannot be read.
    func read() throws -> String? {
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path)
            return String(decoding: try file.readNext(atMost: Self.maxBytes), as: UTF8.self)
        } catch {
            guard error.isMissing else { throw fault("read", error) }
            return nil
        }
    }

    /// Writes the file atomically with mode 0600.
    ///
    /// - Throws: `DataFolder.Fault` if it cannot be written.
    func write(_ text: String) throws {
        do throws(SystemError) {
            let file = try StagedFile(for: path, at: path + ".new", replacingLeftover: true)
            try file.write(Array(text.utf8))
            try file.publish(replacingExisting: true, durability: .bytesAndName)
        } catch {
            throw fault("written", error)
        }
    }

    /// Removes the file durably, if it exists.
    ///
    /// - Throws: `DataFolder.Fault` if it cannot be removed.
    func remove() throws {
        do throws(SystemError) {
            guard try FileSystem.unlink(path) else { return }
        } catch {
            throw fault("removed", error)
        }
        do throws(SystemError) {
            try Folder.synchronize(Folder.containing(path))
        } catch {
            throw fault("written", error)
        }
    }

    private func fault(_ action: String, _ error: SystemError) -> DataFolder.Fault {
        DataFolder.Fault(description: "\(purpose) \(path) cannot be \(action): \(error.words).")
    }
}
