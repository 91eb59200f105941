import Foundation
import Testing

@testable import POSIX

@Suite("Staged files")
struct StagedFileTests {
    private let scratch = Scratch()
    private var path: String { "\(scratch.path)/file" }

    private func staged(
        permissions: UInt32 = 0o600,
        replacingLeftover: Bool = true
    ) throws(SystemError) -> StagedFile {
        try StagedFile(
            for: path,
            at: path + ".new",
            permissions: permissions,
            replacingLeftover: replacingLeftover
        )
    }

    @Test(
        "A file is there whole or as it was before",
        arguments: [
            StagedFile.Durability.none, .bytes, .bytesAndName,
        ]
    )
    func replaces(durability: StagedFile.Durability) throws {
        scratch.write("before", to: "file")
        let file = try staged(permissions: 0o640)
        try file.write(Array("af".utf8))
        try file.write(Array("ter".utf8))
        #expect(scratch.text(of: "file") == "before")
        #expect(scratch.text(of: "file.new") == "after")
        try file.publish(replacingExisting: true, durability: durability)
        #expect(scratch.text(of: "file") == "after")
        #expect(scratch.permissions(of: "file") == 0o640)
        #expect(try Folder.names(in: scratch.path) == ["file"])
    }

    @Test("A file that is not published leaves nothing")
    func discards() throws {
        scratch.write("before", to: "file")
        do {
            let file = try staged()
            try file.write([1, 2, 3])
        }
        #expect(scratch.text(of: "file") == "before")
        #expect(try Folder.names(in: scratch.path) == ["file"])
    }

    @Test("A name that is taken stays, and the file that wanted it goes")
    func refuses() throws {
        let file = try staged()
        try file.write([1])
        scratch.write("somebody's", to: "file")
        do throws(SystemError) {
            try file.publish(replacingExisting: false, durability: .bytes)
            Issue.record("It took the name.")
        } catch {
            #expect(error == SystemError(call: "renameat2", code: EEXIST))
        }
        #expect(scratch.text(of: "file") == "somebody's")
        #expect(try Folder.names(in: scratch.path) == ["file"])
    }

    @Test("What a process that was killed has left is replaced, never written through")
    func leftovers() throws {
        scratch.write("another file", to: "other")
        scratch.link("file.new", to: "other")
        let file = try staged()
        try file.write(Array("mine".utf8))
        try file.publish(replacingExisting: true, durability: .bytesAndName)
        #expect(scratch.text(of: "file") == "mine")
        #expect(scratch.text(of: "other") == "another file")
        #expect(try FileStatus(of: path, followingLinks: false).kind == .file)

        scratch.write("left", to: "file.new")
        #expect(throws: SystemError(call: "open", code: EEXIST)) {
            _ = try staged(replacingLeftover: false)
        }
        #expect(scratch.text(of: "file.new") == "left")
    }
}
