import Foundation
import ProcessHarness
import Testing

@testable import Archive

/// An archive on disk, in a temporary folder deleted with it, and other programs' reading of it.
final class ArchiveFile {
    private let folder: URL
    private let file: URL

    /// Writes an archive at the offsets of its layout; files without contents stay holes.
    init(_ layout: ZIPLayout, contents: [Int: [UInt8]]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "archive-\(UUID().uuidString)"
        )
        file = folder.appendingPathComponent("archive.zip")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        for (index, offset) in Self.offsets(layout).enumerated() {
            try handle.seek(toOffset: offset)
            try handle.write(contentsOf: Data(layout.localHeader(at: index)))
            if let bytes = contents[index] { try handle.write(contentsOf: Data(bytes)) }
        }
        try handle.seek(toOffset: layout.trailerOffset)
        try handle.write(contentsOf: Data(layout.trailer()))
        #expect(try handle.offset() == layout.totalLength)
        try handle.close()
    }

    /// Returns the offset of each entry's header, with headers and files laid out consecutively.
    static func offsets(_ layout: ZIPLayout) -> [UInt64] {
        layout.entries.indices.reduce(into: [0]) { offsets, index in
            let header = UInt64(layout.localHeader(at: index).count)
            offsets.append(offsets[index] + header + layout.entries[index].size)
        }.dropLast()
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs a program, requires that it succeeds and returns its output.
    ///
    /// `{}` in the arguments stands for the archive.
    func run(_ program: String, _ arguments: String...) throws -> String {
        let end = try RunningProgram.run(program, arguments.map { $0 == "{}" ? file.path : $0 })
        try #require(end.isSuccess, "\(end.outputText)\(end.complaintText)")
        return end.outputText
    }

    /// Runs a Python script in which the archive is open as `z`.
    func python(_ script: String) throws -> String {
        try run(
            "/usr/bin/python3",
            "-c",
            "import json, sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\n\(script)",
            "{}"
        )
    }
}
