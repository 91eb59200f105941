import POSIX

/// A file without a name, gone with its last reference: what goes to another program, and what comes from it.
final class UnnamedFile: Sendable {
    private static let pieceBytes = 1 << 20
    private static let maxAnswerBytes = 64 << 20

    private let file: FileDescriptor

    /// Makes an empty one.
    ///
    /// - Parameter folder: Where its bytes lie until it is gone.
    /// - Throws: `OutputFolder.Fault`.
    init(in folder: OutputFolder) throws(OutputFolder.Fault) {
        file = try folder.unnamedFile()
    }

    /// The descriptor's number, for a program that gets a copy.
    var descriptor: Int32 { file.number }

    /// Its length in bytes.
    var size: UInt64 {
        get throws(OutputFolder.Fault) { try OutputFolder.Fault.during("reading", file.size()) }
    }

    /// Writes it, and goes back to its beginning.
    func fill(_ text: String) throws(OutputFolder.Fault) {
        do throws(SystemError) {
            try file.writeAll(Array(text.utf8))
            try file.rewind()
        } catch {
            throw OutputFolder.Fault("writing", error)
        }
    }

    /// Reads it from its beginning, piece by piece.
    func forEachPiece(_ take: ([UInt8]) throws -> Void) throws {
        var offset: UInt64 = 0
        while true {
            let piece = try OutputFolder.Fault.during(
                "reading",
                file.read(Self.pieceBytes, at: offset)
            )
            guard !piece.isEmpty else { return }
            offset += UInt64(piece.count)
            try take(piece)
        }
    }

    /// Reads it as a whole.
    ///
    /// - Throws: `OutputFolder.Fault`, also for a file of more bytes than an answer in words has.
    func read() throws(OutputFolder.Fault) -> [UInt8] {
        try OutputFolder.Fault.during("reading", file.readAll(limit: Self.maxAnswerBytes))
    }
}
