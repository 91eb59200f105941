import Archive
import Foundation
import ProcessHarness
import Testing
import WireHarness

/// Archives made by other programs, which the decoders must understand.
enum Foreign {
    /// Returns what a program writes to its standard output.
    static func output(
        of program: String,
        _ arguments: [String],
        in folder: URL? = nil
    ) throws -> [UInt8] {
        let place = folder.map { ["-C", $0.path] } ?? []
        let end = try RunningProgram.run("/usr/bin/env", place + [program] + arguments)
        try #require(end.isSuccess, "\(end.complaintText)")
        return end.output
    }

    /// Returns what a Python script writes to `out`, which can be made unseekable.
    static func python(_ script: String) throws -> [UInt8] {
        try output(of: "/usr/bin/python3", ["-c", prelude + script])
    }

    private static let prelude = """
        import io, struct, sys, tarfile, zipfile
        out = sys.stdout.buffer
        tarfile.RECORDSIZE = 512
        class Pipe(io.RawIOBase):
            def writable(self): return True
            def write(self, data): return out.write(data)
        def tar(format, *members):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
                for name, kind, data, *more in members:
                    info = tarfile.TarInfo(name)
                    info.type, info.size = kind, len(data)
                    for key, value in (more[0] if more else {}).items(): setattr(info, key, value)
                    archive.addfile(info, io.BytesIO(data))
            return bytearray(buffer.getvalue())
        def checksum(data, start=0):
            data[start + 148:start + 156] = b" " * 8
            data[start + 148:start + 156] = b"%06o\\0 " % sum(data[start:start + 512])
            return data
        def zipped(*members, method=zipfile.ZIP_DEFLATED, comment=b""):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", method) as archive:
                for name, data in members: archive.writestr(name, data)
                archive.comment = comment
            return bytearray(buffer.getvalue())

        """

    /// A folder with a few files, deleted with the object.
    final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "folder-\(UUID().uuidString)"
        )

        init(_ files: [(name: String, bytes: [UInt8])]) throws {
            for file in files {
                let place = url.appendingPathComponent(file.name)
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(file.bytes).write(to: place)
            }
        }

        deinit {
            try? FileManager.default.removeItem(at: url)
        }
    }
}

/// A member that a test expects.
struct Expected: Equatable, CustomStringConvertible {
    let kind: ArchiveMember.Kind
    let name: String
    var bytes: [UInt8] = []

    init(_ kind: ArchiveMember.Kind, _ name: String, _ bytes: [UInt8] = []) {
        (self.kind, self.name, self.bytes) = (kind, name, bytes)
    }

    init(_ member: ArchiveOutcome.Member) {
        self.init(member.member.kind, member.member.name, member.bytes)
    }

    var description: String { "\(kind) \(name) \(bytes.count)" }
}

/// Decodes an archive whole, byte by byte and cut in two, and requires equal results.
///
/// A short archive is cut at every position, a long one near block boundaries and at some others.
func decode(
    _ bytes: [UInt8],
    by decoder: () -> any ArchiveDecoder,
    sourceLocation: SourceLocation = #_sourceLocation
) -> ArchiveOutcome {
    let whole = ArchiveOutcome(of: [bytes], by: decoder())
    #expect(
        ArchiveOutcome(of: bytes.map { [$0] }, by: decoder()) == whole,
        sourceLocation: sourceLocation
    )
    let cuts = bytes.indices.filter {
        bytes.count <= 2048 || [0, 1, 511].contains($0 % 512) || $0 % 61 == 0
    }
    let wrong = cuts.filter { cut in
        ArchiveOutcome(of: [Array(bytes[..<cut]), Array(bytes[cut...])], by: decoder()) != whole
    }
    #expect(wrong.isEmpty, sourceLocation: sourceLocation)
    for (index, member) in whole.members.enumerated() {
        #expect(
            member.isComplete && member.member.number == index + 1,
            sourceLocation: sourceLocation
        )
    }
    return whole
}
