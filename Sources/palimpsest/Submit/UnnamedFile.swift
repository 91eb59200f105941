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
    /// - Parameter folder: The output folder, on whose disk the file is kept.
    /// - Throws: `OutputFolder.Fault`.
    init(in folder: OutputFolder) throws(OutputFolder.Fault) {
        file = try folder.unnamedFile()
    }

    /// The descriptor's number, for a child program that inherits a copy.
    var descriptor: Int32 { file.number }

    /// The length in bytes.
    var size: UInt64 {
        get throws(OutputFolder.Fault) { try OutputFolder.Fault.during("reading", file.size()) }
    }

    /// Writes text, then rewinds the file.
    func fill(_ text: String) throws(OutputFolder.Fault) {
        do throws(SystemError) {
            try file.writeAll(Array(text.utf8))
            try file.rewind()
        } catch {
            throw OutputFolder.Fault("writing", error)
        }
    }

    /// Reads the file from its start in pieces of up to 1 MiB.
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

    /// Reads the whole file.
    ///
    /// - Throws: `OutputFolder.Fault`, also if the file is larger than 64 MiB, more than any JSON
    ///   answer.
    func read() throws(OutputFolder.Fault) -> [UInt8] {
        try OutputFolder.Fault.during("reading", file.readAll(limit: Self.maxAnswerBytes))
    }
}
