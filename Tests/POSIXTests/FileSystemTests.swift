import Foundation
import Testing

@testable import POSIX

@Suite("Names of files")
struct FileSystemTests {
    private let scratch = Scratch()

    private func path(_ name: String) -> String { "\(scratch.path)/\(name)" }

    @Test("A rename takes the place of a file, and an exclusive one leaves it")
    func renaming() throws {
        scratch.write("old", to: "a")
        scratch.write("new", to: "b")
        #expect(throws: SystemError(call: "renameat2", code: EEXIST)) {
            try FileSystem.renameExclusively(path("b"), to: path("a"))
        }
        #expect(scratch.text(of: "a") == "old")
        try FileSystem.rename(path("b"), to: path("a"))
        #expect(scratch.text(of: "a") == "new")
        #expect(!FileSystem.isPresent(path("b")))
        try FileSystem.renameExclusively(path("a"), to: path("b"))
        #expect(scratch.text(of: "b") == "new")
        #expect(throws: SystemError(call: "rename", code: ENOENT)) {
            try FileSystem.rename(path("a"), to: path("c"))
        }
    }

    @Test("A link is another name of the same file, not across disks")
    func linking() throws {
        scratch.write("text", to: "a")
        #expect(try FileSystem.link(path("a"), as: path("b")))
        #expect(try FileSystem.link(path("a"), as: path("b")))
        #expect(try FileStatus(of: path("a")).identity == FileStatus(of: path("b")).identity)
        #expect(throws: SystemError(call: "link", code: ENOENT)) {
            try FileSystem.link(path("missing"), as: path("c"))
        }
        #expect(try !FileSystem.link("/proc/self/status", as: path("c")))
    }

    @Test("A name is removed once, and a folder not at all")
    func unlinking() throws {
        scratch.write("text", to: "a")
        #expect(try FileSystem.unlink(path("a")))
        #expect(try !FileSystem.unlink(path("a")))
        try Folder.make(path("folder"))
        #expect(throws: SystemError.self) { try FileSystem.unlink(path("folder")) }
    }

    @Test("A status tells what a path leads to, links followed or not")
    func status() throws {
        scratch.write("four", to: "a")
        scratch.link("link", to: "a")
        scratch.link("dangling", to: "missing")
        let status = try FileStatus(of: path("link"))
        #expect(status.kind == .file && status.size == 4 && status.isOwn)
        #expect(try status == FileStatus(of: path("a")))
        #expect(try FileStatus(of: path("link"), followingLinks: false).kind == .link)
        #expect(try FileStatus(of: path("dangling"), followingLinks: false).kind == .link)
        #expect(try FileStatus(of: scratch.path).kind == .folder)
        #expect(try FileStatus(of: "/dev/null").kind == .other)
        #expect(throws: SystemError(call: "stat", code: ENOENT)) {
            try FileStatus(of: path("dangling"))
        }
        #expect(try FileStatus.ifPresent(at: path("dangling")) == nil)
        #expect(throws: SystemError(call: "stat", code: ENOTDIR)) {
            try FileStatus.ifPresent(at: path("a/b"))
        }
        #expect(!FileSystem.isPresent(path("dangling")))
        #expect(FileSystem.resolved(path("link")) == FileSystem.resolved(path("a")))
        #expect(FileSystem.resolved(path("dangling")) == nil)
    }

    @Test(
        "Times of modification are set to the millisecond, also before 1970",
        arguments: [
            1_700_000_000_123, 0, -1, -1000, -86_400_001,
        ] as [Int64]
    )
    func times(milliseconds: Int64) throws {
        scratch.write("text", to: "a")
        try FileSystem.setModificationTime(milliseconds, of: path("a"))
        let status = try FileStatus(of: path("a"))
        #expect(status.modificationTime == milliseconds)
        #expect(status.age > .seconds(1_000_000))
        try FileSystem.touch(path("a"))
        #expect(try FileStatus(of: path("a")).age < .seconds(60))
    }

    @Test("Permissions are set and asked for")
    func permissions() throws {
        scratch.write("text", to: "a")
        try FileSystem.setPermissions(0o640, of: path("a"))
        #expect(scratch.permissions(of: "a") == 0o640)
        #expect(FileSystem.allows(.read, to: path("a")))
        #expect(!FileSystem.allows(.execute, to: path("a")))
        #expect(throws: SystemError(call: "access", code: EACCES)) {
            try FileSystem.require([.read, .execute], to: path("a"))
        }
        try FileSystem.require([.write, .execute], to: scratch.path)
    }

    @Test("A file is cut off, and the disk that holds it has a size")
    func sizes() throws {
        scratch.write("text", to: "a")
        try FileSystem.truncate(path("a"), to: 2)
        #expect(scratch.text(of: "a") == "te")
        let disk = try DiskSpace(at: scratch.path)
        #expect(disk.free > 0 && disk.free <= disk.size)
        #expect(throws: SystemError(call: "statvfs", code: ENOENT)) { try DiskSpace(at: path("b")) }
    }
}
