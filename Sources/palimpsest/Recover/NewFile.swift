import FoundationEssentials
import Glibc
import POSIX

/// A file that gets its name only once it is complete, and never replaces an existing file.
///
/// Until then it has a temporary name beside the final one. A process that is killed leaves only
/// that temporary file. A file that is not published is removed.
struct NewFile: ~Copyable {
    private let path: String
    private let file: StagedFile

    /// Creates an empty file that only its owner may read.
    ///
    /// - Throws: ``CommandFault`` if the name is taken or the folder is not writable.
    init(_ path: String) throws(CommandFault) {
        self.path = path
        do throws(SystemError) {
            guard (try? FileStatus(of: path, followingLinks: false)) == nil else {
                throw SystemError(call: "open", code: EEXIST)
            }
            let temporary = "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)"
            file = try StagedFile(for: path, at: temporary, replacingLeftover: false)
        } catch {
            throw Self.fault(path, "made", error)
        }
    }

    /// Appends bytes.
    ///
    /// This opens no file, so a sandboxed process may call it.
    func write(_ bytes: [UInt8]) throws(CommandFault) {
        do throws(SystemError) {
            try file.write(bytes)
        } catch {
            throw Self.fault(path, "written", error)
        }
    }

    /// Closes the file and gives it its name.
    consuming func publish() throws(CommandFault) {
        let path = path
        do throws(SystemError) {
            try file.publish(replacingExisting: false, durability: .bytes)
        } catch {
            throw Self.fault(path, "written", error)
        }
    }

    private static func fault(
        _ path: String,
        _ action: String,
        _ error: SystemError
    ) -> CommandFault {
        CommandFault("\(StandardError.printable(path)) cannot be \(action): \(error.words).")
    }
}
