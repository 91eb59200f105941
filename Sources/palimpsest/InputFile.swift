import ArgumentParser
import JobModel

/// Reads files named on the command line, each of which must exist.
enum InputFile {
    /// The maximum size of a picture's file in bytes: 1 GiB.
    static let maxPictureBytes = 1 << 30

    /// The name of the standard input on the command line, and of the standard output where a
    /// file is written.
    static let standardInput = "-"

    /// Checks that at most one of the files is the standard input, which can be read only once.
    ///
    /// - Throws: A `ValidationError`.
    static func requireOneStandardInput(in paths: [String?]) throws {
        guard paths.count(where: { $0 == standardInput }) <= 1 else {
            throw ValidationError("Only one file can be -, the standard input.")
        }
    }

    /// Reads a whole file, or the standard input to its end.
    ///
    /// - Parameters:
    ///   - path: The path of the file, or ``standardInput``.
    ///   - limit: The maximum size in bytes.
    /// - Returns: The bytes of the file.
    /// - Throws: ``CommandFault``, which names the file, if it cannot be read or is larger than
    ///   `limit`.
    static func read(_ path: String, limit: Int) throws(CommandFault) -> [UInt8] {
        do throws(PictureFile.Fault) {
            let path = path == standardInput ? "/dev/stdin" : path
            return try PictureFile.read(path, expecting: 0, limit: limit)
        } catch {
            throw CommandFault("\(StandardError.printable(path)): \(error.failure.detail)")
        }
    }
}
