import JobModel

/// Reads the files that a command names, of which each must be there.
enum InputFile {
    /// The most bytes of a picture.
    static let maxPictureBytes = 1 << 30

    /// Reads a file as a whole.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - limit: The most bytes that are taken.
    /// - Returns: All its bytes.
    /// - Throws: ``CommandFault`` that names it.
    static func read(_ path: String, limit: Int) throws(CommandFault) -> [UInt8] {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(path, expecting: 0, limit: limit)
        } catch {
            throw CommandFault("\(StandardError.printable(path)): \(error.failure.detail)")
        }
    }
}
