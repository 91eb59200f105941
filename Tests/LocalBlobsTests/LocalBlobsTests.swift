import BlobStorage
import Cryptography
import Foundation
import POSIX
import Testing

@testable import LocalBlobs

@Suite final class LocalBlobsTests {
    let root = FileManager.default.temporaryDirectory.path + "/blob-store-" + UUID().uuidString

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    @Test func `Bytes are filed under their hash, for their owner alone`() throws {
        let store = try LocalBlobs(root: root)
        let reference = try store.put(Array("abc".utf8))
        // The name is the sum that FIPS 180-4 gives for "abc".
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(reference == BlobReference(sha256: try #require(SHA256Digest(hex: hex)), size: 3))
        let path = "\(root)/blobs/ba/\(hex)"
        #expect(FileManager.default.contents(atPath: path) == Data("abc".utf8))
        #expect(try permissions(path) == 0o600)
        for folder in [root, "\(root)/blobs", "\(root)/tmp", "\(root)/blobs/ba"] {
            #expect(try permissions(folder) == 0o700)
        }
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func `Every folder that a blob may need is there from the start`() throws {
        for _ in 0..<2 {
            _ = try LocalBlobs(root: root)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/blobs")
            #expect(names.sorted() == (0...255).map { String(format: "%02x", $0) })
        }
    }

    @Test func `A spool that is given up leaves no temporary file`() throws {
        let store = try LocalBlobs(root: root)
        do {
            let spool = try store.newSpool()
            try spool.append([1])
            #expect(try temporaryFiles().count == 1)
        }
        #expect(try temporaryFiles().isEmpty, "a forgotten spool removes its file")
        let spool = try store.newSpool()
        try spool.append([1])
        spool.discard()
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func `A sealed spool holds no descriptor`() throws {
        let store = try LocalBlobs(root: root)
        let before = try openFiles()
        let spools = try (0..<20).map { number in
            let spool = try store.newSpool()
            try spool.append([UInt8(number)])
            try spool.seal()
            try spool.seal()
            return spool
        }
        #expect(try openFiles() <= before)
        for spool in spools { _ = try store.commit(spool) }
        #expect(try store.list().count == 20)
        let others = try (20..<40).map { number in
            let spool = try store.newSpool()
            try spool.append([UInt8(number)])
            return spool
        }
        try store.seal(others)
        #expect(try openFiles() <= before)
    }

    @Test func `A removed blob is gone, but an open reader goes on`() throws {
        let store = try LocalBlobs(root: root)
        let reference = try store.put([1, 2, 3])
        let reader = try store.open(reference.sha256)
        #expect(store.contains(reference.sha256))
        #expect(try store.remove(reference.sha256))
        #expect(!store.contains(reference.sha256))
        #expect(try reader.read(at: 1, count: 2) == [2, 3])
    }

    @Test func `A removed blob takes room until it is reclaimed`() throws {
        let store = try LocalBlobs(root: root)
        let removed = try store.put([1, 2, 3])
        _ = try store.put([4])
        #expect(try store.remove(removed.sha256))
        #expect(try temporaryFiles().count == 1)
        store.reclaim()
        #expect(try temporaryFiles().isEmpty)
        #expect(try store.list() == [SHA256.hash([4])])
    }

    @Test func `The sweeps remove what a dead process left, and nothing else`() throws {
        let dead = try LocalBlobs(root: root)
        try Data([1]).write(to: URL(fileURLWithPath: "\(root)/tmp/feed-1"))
        let kept = try dead.put([1])
        let orphan = try dead.put([2])
        try Data([1]).write(to: URL(fileURLWithPath: "\(root)/blobs/README"))

        let store = try LocalBlobs(root: root)
        let live = try store.newSpool()
        try live.append([3])
        #expect(try store.sweepTemporary() == 1)
        #expect(try store.commit(live).size == 1)
        #expect(try Set(store.list()) == [kept.sha256, orphan.sha256, SHA256.hash([3])])
        #expect(try store.sweepOrphans(ifOlderThan: .seconds(3600)) { $0 == kept.sha256 } == 0)
        try age(orphan, by: 7200)
        try age(kept, by: 7200)
        #expect(try store.sweepOrphans(ifOlderThan: .seconds(3600)) { $0 == kept.sha256 } == 1)
        #expect(try Set(store.list()) == [kept.sha256, SHA256.hash([3])])
    }

    @Test func `A full disk is told apart from a broken one, and leaves no file`() throws {
        let store = try LocalBlobs(root: root)
        // The device that is always full.
        let full = try FileDescriptor(opening: "/dev/full", for: .writing)
        #expect(throws: BlobStorageError.noSpace) { try disk(full.writeAll([0])) }
        #expect(BlobStorageError(SystemError(call: "write", code: ENOSPC)) == .noSpace)
        #expect(BlobStorageError(SystemError(call: "write", code: EDQUOT)) == .noSpace)
        for code in [EIO, EROFS] {
            let error = SystemError(call: "write", code: code)
            #expect(BlobStorageError(error) == .unavailable(error.description))
        }
        for code in [EMFILE, ENFILE] {
            let error = SystemError(call: "open", code: code)
            #expect(BlobStorageError(error) == .exhausted(error.description))
        }
        let denied = SystemError(call: "open", code: EACCES)
        #expect(BlobStorageError(denied) == .other("open: Permission denied"))
        #expect(try store.diskSpace().free > 0)
    }

    @Test func `A commit that fails leaves neither blob nor temporary file`() throws {
        let store = try LocalBlobs(root: root)
        let spool = try store.newSpool()
        try spool.append(Array("abc".utf8))
        // A file where the blob's folder should be.
        try FileManager.default.removeItem(atPath: "\(root)/blobs/ba")
        try Data().write(to: URL(fileURLWithPath: "\(root)/blobs/ba"))
        #expect(throws: BlobStorageError.self) { try store.commit(spool) }
        #expect(throws: BlobStorageError.spoolClosed) { try store.commit(spool) }
        #expect(try temporaryFiles().isEmpty)
    }

    private func path(of reference: BlobReference) -> String {
        "\(root)/blobs/\(reference.sha256.hex.prefix(2))/\(reference.sha256.hex)"
    }

    private func age(_ reference: BlobReference, by seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
            ofItemAtPath: path(of: reference)
        )
    }

    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    private func temporaryFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root + "/tmp")
    }

    /// The descriptors of this process that belong to this test's folder.
    private func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/" + name
            )
            return target?.hasPrefix(root) ?? false
        }.count
    }
}
