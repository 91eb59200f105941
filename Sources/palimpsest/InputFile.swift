import JobModel

/// Reads files named on the command line, each of which must exist.
enum InputFile {
    /// The maximum size of a picture's file in bytes: 1 GiB.
    static let maxPictureBytes = 1 << 30

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - limit: The maximum size in bytes.
    /// - Returns: The bytes of the file.
    /// - Throws: ``CommandFault``, which names the file, if it cannot be read or is larger than
    ///   `limit`.
    static func read(_ path: String, limit: Int) throws(CommandFault) -> [UInt8] {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(path, expecting: 0, limit: limit)
        } catch {
            throw CommandFault("\(StandardError.printable(path)): \(error.failure.detail)")
        }
    }
}
