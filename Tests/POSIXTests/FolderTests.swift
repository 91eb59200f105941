import Foundation
import Testing

@testable import POSIX

@Suite("Folders")
struct FolderTests {
    private let scratch = Scratch()

    private func path(_ name: String) -> String { "\(scratch.path)/\(name)" }

    @Test("A folder is made once, with its permissions, and removed when it is empty")
    func making() throws {
        #expect(try Folder.make(path("a")))
        #expect(try !Folder.make(path("a")))
        #expect(scratch.permissions(of: "a") == 0o700)
        #expect(throws: SystemError(call: "mkdir", code: ENOENT)) { try Folder.make(path("b/c")) }
        try Folder.makeWithParents(path("b/c/d"))
        try Folder.makeWithParents(path("b/c/d"))
        #expect(try FileStatus(of: path("b/c/d")).kind == .folder)
        #expect(throws: SystemError(call: "rmdir", code: ENOTEMPTY)) {
            try Folder.removeEmpty(path("b"))
        }
        try Folder.removeEmpty(path("b/c/d"))
        #expect(!FileSystem.isPresent(path("b/c/d")))
        scratch.write("text", to: "file")
        #expect(throws: SystemError(call: "mkdir", code: ENOTDIR)) {
            try Folder.makeWithParents(path("file/c"))
        }
    }

    @Test("All names are listed, hidden ones too, whatever their bytes")
    func names() throws {
        for name in [".hidden", "...", "a", "ä"] { scratch.write("text", to: name) }
        #expect(try Set(Folder.names(in: scratch.path)) == [".hidden", "...", "a", "ä"])
        let raw = Array("\(scratch.path)/".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
        close(open(raw, O_CREAT | O_WRONLY, 0o600))
        #expect(try Folder.namesAsBytes(in: scratch.path).contains([0xE9]))
        #expect(try Folder.names(in: scratch.path).contains("\u{FFFD}"))
        #expect(throws: SystemError(call: "opendir", code: ENOENT)) {
            try Folder.names(in: path("b"))
        }
        #expect(throws: SystemError(call: "opendir", code: ENOTDIR)) {
            try Folder.names(in: path("a"))
        }
    }

    @Test("More names than one call of the system gives are all there")
    func manyNames() throws {
        let names = Set((0..<3000).map { "a-name-that-is-not-short-\($0)" })
        for name in names { scratch.write("", to: name) }
        #expect(try Set(Folder.names(in: scratch.path)) == names)
    }

    @Test("The names of a folder are synchronised, and those of a file are not")
    func synchronising() throws {
        try Folder.synchronize(scratch.path)
        scratch.write("text", to: "a")
        #expect(throws: SystemError(call: "open", code: ENOTDIR)) {
            try Folder.synchronize(path("a"))
        }
    }

    @Test(
        "The folder of a path",
        arguments: [
            ("/a/b", "/a"), ("/a", "/"), ("a/b", "a"), ("a", "."), ("./a", "."),
        ]
    )
    func containing(path: String, folder: String) {
        #expect(Folder.containing(path) == folder)
    }

    @Test("One at a time has the lock of a folder")
    func locking() throws {
        // Twice, since a lock that is gone is free again.
        for _ in 1...2 {
            let (first, second) = (path("lock"), scratch.path)
            let byFile = try FolderLock(byFile: first)
            #expect(throws: FolderLock.Failure.held) { _ = try FolderLock(byFile: first) }
            // Another file, and so another lock.
            let onFolder = try FolderLock(on: second)
            #expect(throws: FolderLock.Failure.held) { _ = try FolderLock(on: second) }
            withExtendedLifetime(byFile) {}
            withExtendedLifetime(onFolder) {}
        }
        #expect(scratch.permissions(of: "lock") == 0o600)
        #expect(throws: FolderLock.Failure.unopened(SystemError(call: "open", code: ENOENT))) {
            _ = try FolderLock(on: path("missing"))
        }
        #expect(throws: FolderLock.Failure.unopened(SystemError(call: "open", code: ENOENT))) {
            _ = try FolderLock(byFile: path("missing/lock"))
        }
    }
}

/// A folder for one test, removed with its last reference.
final class Scratch: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/posix-" + UUID().uuidString

    init() {
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) {
        _ = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(text.utf8))
    }

    func text(of name: String) -> String? {
        let contents = FileManager.default.contents(atPath: "\(path)/\(name)")
        return contents.map { String(decoding: $0, as: UTF8.self) }
    }

    func link(_ name: String, to target: String) {
        try? FileManager.default.createSymbolicLink(
            atPath: "\(path)/\(name)",
            withDestinationPath: target
        )
    }

    func permissions(of name: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        return attributes?[.posixPermissions] as? Int
    }
}
