import Foundation
import Testing

@testable import POSIX

@Suite("File descriptors")
struct FileDescriptorTests {
    private let scratch = Scratch()
    private var path: String { "\(scratch.path)/file" }

    @Test("A descriptor is closed with its value, and one that was released is not")
    func owns() throws {
        scratch.write("abc", to: "file")
        let original = try FileDescriptor(opening: path)
        // Numbers that other tests do not get meanwhile.
        let first = fcntl(original.number, F_DUPFD_CLOEXEC, 900)
        do {
            let file = FileDescriptor(owning: first)
            #expect(try file.readNext(atMost: 8) == Array("abc".utf8))
        }
        #expect(fcntl(first, F_GETFD) == -1)
        let second = fcntl(original.number, F_DUPFD_CLOEXEC, 910)
        let released = FileDescriptor(owning: second).release()
        #expect(released == second)
        #expect(fcntl(second, F_GETFD) == FD_CLOEXEC)
        close(second)
    }

    @Test("No child inherits a descriptor that was opened here")
    func inheritance() throws {
        let file = try FileDescriptor(opening: path, for: .writing, .create)
        #expect(fcntl(file.number, F_GETFD) == FD_CLOEXEC)
    }

    @Test("A fault names the call and the system's reason")
    func faults() {
        #expect(throws: SystemError(call: "open", code: ENOENT)) {
            _ = try FileDescriptor(opening: path)
        }
        let missing = SystemError(call: "open", code: ENOENT)
        #expect(missing.description == "open: No such file or directory")
        #expect(SystemError.words(for: EACCES) == "Permission denied")
    }

    @Test("A file is made with its permissions, and made exclusively once only")
    func making() throws {
        let options: FileDescriptor.Options = [.create, .exclusive]
        _ = try FileDescriptor(opening: path, for: .writing, options, permissions: 0o640)
        #expect(scratch.permissions(of: "file") == 0o640)
        #expect(try FileStatus(of: path).permissions == 0o640)
        let fault = #expect(throws: SystemError.self) {
            _ = try FileDescriptor(opening: path, for: .writing, options)
        }
        #expect(fault?.isTaken == true)
        scratch.link("dangling", to: "nowhere")
        #expect(throws: SystemError(call: "open", code: EEXIST)) {
            _ = try FileDescriptor(opening: "\(scratch.path)/dangling", for: .writing, options)
        }
        #expect(throws: SystemError(call: "open", code: ENOTDIR)) {
            _ = try FileDescriptor(opening: path, .folder)
        }
    }

    @Test("Bytes are written in order and at places, and read back at places, to the file's end")
    func places() throws {
        let file = try FileDescriptor(opening: path, for: .readingAndWriting, .create)
        try file.writeAll(Array("0123456789".utf8))
        try file.write(Array("ab".utf8), at: 3)
        try file.writeAll(Array("XYZ".utf8))
        #expect(try file.size() == 13)
        #expect(try file.read(4, at: 2) == Array("2ab5".utf8))
        #expect(try file.read(100, at: 8) == Array("89XYZ".utf8))
        #expect(try file.read(100, at: 13).isEmpty)
        try file.rewind()
        #expect(try file.readNext(atMost: 3) == Array("012".utf8))
        #expect(try file.readNext(atMost: 3) == Array("ab5".utf8))
        #expect(try file.readAll(limit: 13).count == 13)
        #expect(throws: SystemError(call: "read", code: EFBIG)) { try file.readAll(limit: 12) }
        try file.truncate(to: 5)
        #expect(try file.readAll(limit: 13) == Array("012ab".utf8))
        try file.synchronize()
        try file.close()
    }

    @Test("More than one piece is read as a whole")
    func large() throws {
        let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try FileDescriptor(opening: path, for: .readingAndWriting, .create)
        file.startWriteback(of: 0..<0)
        try file.writeAll(bytes)
        #expect(try file.readAll(limit: bytes.count) == bytes)
    }

    @Test("What comes through a pipe is read in order, and has no place to go back to")
    func pipes() throws {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let source = FileDescriptor(owning: ends[0])
        let sink = FileDescriptor(owning: ends[1])
        try sink.writeAll(Array("word".utf8))
        try sink.close()
        #expect(try source.readNext(atMost: 100) == Array("word".utf8))
        #expect(try source.readNext(atMost: 100).isEmpty)
        #expect(throws: SystemError(call: "lseek", code: ESPIPE)) { try source.rewind() }
        #expect(throws: SystemError(call: "pread", code: ESPIPE)) { try source.read(1, at: 0) }
    }

    @Test("A full disk is said to be full")
    func fullDisk() throws {
        let full = try FileDescriptor(opening: "/dev/full", for: .writing)
        #expect(throws: SystemError(call: "write", code: ENOSPC)) { try full.writeAll([0]) }
    }

    @Test("Room that was set aside is taken on the disk")
    func allocating() throws {
        let file = try FileDescriptor(opening: path, for: .writing, .create)
        try file.truncate(to: 1 << 20)
        #expect(try file.status().allocatedBytes == 0)
        try file.allocate(1 << 20)
        let status = try file.status()
        #expect(status.size == 1 << 20)
        #expect(status.allocatedBytes >= 1 << 20)
        let disk = try DiskSpace(of: file)
        #expect(disk.free > 0 && disk.free <= disk.size)
    }

    @Test("The limit of descriptors is known")
    func limit() throws {
        let limit = try #require(DescriptorLimit.current())
        #expect(limit.soft > 2 && limit.soft <= limit.hard)
    }
}
