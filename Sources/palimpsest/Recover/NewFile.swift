import FoundationEssentials
import Glibc
import POSIX

/// A file that appears under its name when it is complete, and never in place of another.
///
/// Until then it lies beside that name under one of its own, which is all that a process that is
/// killed leaves behind. It is removed unless it is published.
struct NewFile: ~Copyable {
    private let path: String
    private let file: StagedFile

    /// Makes the file, empty, for its owner alone.
    ///
    /// - Throws: ``CommandFault`` where the name is taken or the folder cannot be written to.
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

    /// Writes bytes behind those that are there; it opens nothing.
    func write(_ bytes: [UInt8]) throws(CommandFault) {
        do throws(SystemError) {
            try file.write(bytes)
        } catch {
            throw Self.fault(path, "written", error)
        }
    }

    /// Ends the file and gives it its name.
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
