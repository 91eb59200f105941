import POSIX

/// A file without a name, used to exchange data with another program.
///
/// It disappears with its last reference.
final class UnnamedFile: Sendable {
    private static let pieceBytes = 1 << 20
    private static let maxAnswerBytes = 64 << 20

    private let file: FileDescriptor

    /// Creates an empty file.
    ///
    /// - Parameter folder: The folder on whose disk the file is kept.
    /// - Throws: `LockedFolder.Fault`.
    init(in folder: LockedFolder) throws(LockedFolder.Fault) {
        file = try folder.unnamedFile()
    }

    /// The descriptor's number, for a child program that inherits a copy.
    var descriptor: Int32 { file.number }

    /// The length in bytes.
    var size: UInt64 {
        get throws(LockedFolder.Fault) { try LockedFolder.Fault.during("reading", file.size()) }
    }

    /// Writes text, then rewinds the file.
    func fill(_ text: String) throws(LockedFolder.Fault) {
        do throws(SystemError) {
            try file.writeAll(Array(text.utf8))
            try file.rewind()
        } catch {
            throw LockedFolder.Fault("writing", error)
        }
    }

    /// Reads the file from its start in pieces of up to 1 MiB.
    func forEachPiece(_ take: ([UInt8]) throws -> Void) throws {
        var offset: UInt64 = 0
        while true {
            let piece = try LockedFolder.Fault.during(
                "reading",
                file.read(Self.pieceBytes, at: offset)
            )
            guard !piece.isEmpty else { return }
            offset += UInt64(piece.count)
            try take(piece)
        }
    }

    /// Reads the whole file.
    ///
    /// - Throws: `LockedFolder.Fault`, also if the file is larger than 64 MiB, more than any JSON
    ///   answer.
    func read() throws(LockedFolder.Fault) -> [UInt8] {
        try LockedFolder.Fault.during("reading", file.readAll(limit: Self.maxAnswerBytes))
    }
}
