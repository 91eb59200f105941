import POSIX

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
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path)
            return String(decoding: try file.readNext(atMost: Self.maxBytes), as: UTF8.self)
        } catch {
            guard error.isMissing else { throw fault("read", error) }
            return nil
        }
    }

    /// Writes the file so that it is there whole, with mode 0600, or not at all.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be written.
    func write(_ text: String) throws {
        do throws(SystemError) {
            let file = try StagedFile(for: path, at: path + ".new", replacingLeftover: true)
            try file.write(Array(text.utf8))
            try file.publish(replacingExisting: true, durability: .bytesAndName)
        } catch {
            throw fault("written", error)
        }
    }

    /// Removes the file for good, if it is there.
    ///
    /// - Throws: `DataFolder.Fault` when it cannot be removed.
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
