import Cryptography
import Foundation
import POSIX
import Testing

@testable import BlobStore

@Suite final class BlobStoreTests {
    let root = FileManager.default.temporaryDirectory.path + "/blob-store-" + UUID().uuidString

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    @Test func `Bytes are filed under their hash, for their owner alone`() throws {
        let store = try BlobStore(root: root)
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

    @Test func `Pieces add up to one blob, which reads back whole and in parts`() throws {
        let store = try BlobStore(root: root)
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let spool = try store.newSpool()
        var position = 0
        for size in [0, 1, 131_072, 7, 100_000] {
            try spool.append(Array(bytes[position..<position + size]))
            position += size
        }
        try spool.append(Array(bytes[position...]))
        #expect(spool.size == 300_000)
        let reference = try spool.commit()
        #expect(reference.sha256 == SHA256.hash(bytes))
        #expect(try store.read(reference.sha256) == bytes)
        let reader = try store.open(reference.sha256)
        #expect(reader.size == 300_000)
        #expect(try reader.read(at: 10, count: 10) == Array(bytes[10..<20]))
        #expect(try reader.read(at: 300_000, count: 0).isEmpty)
        #expect(throws: BlobStoreError.rangeOutsideBlob) { try reader.read(at: 299_999, count: 2) }
        #expect(throws: BlobStoreError.rangeOutsideBlob) { try reader.read(at: .max, count: 1) }
        #expect(throws: BlobStoreError.rangeOutsideBlob) { try reader.read(at: 0, count: -1) }
    }

    @Test func `Every folder that a blob may need is there from the start`() throws {
        for _ in 0..<2 {
            _ = try BlobStore(root: root)
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/blobs")
            #expect(names.sorted() == (0...255).map { String(format: "%02x", $0) })
        }
    }

    @Test func `The empty blob is a blob`() throws {
        let store = try BlobStore(root: root)
        let reference = try store.put([])
        #expect(reference.size == 0)
        #expect(try store.read(reference.sha256).isEmpty)
    }

    @Test func `Equal bytes are one blob`() throws {
        let store = try BlobStore(root: root)
        let first = try store.put([1, 2, 3])
        let second = try store.put([1, 2, 3])
        #expect(first == second)
        #expect(try store.list() == [first.sha256])
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func `Before its commit a spool is not seen, and one that is given up leaves nothing`() throws {
        let store = try BlobStore(root: root)
        do {
            let spool = try store.newSpool()
            try spool.append([1])
            #expect(try store.list().isEmpty)
            #expect(try temporaryFiles().count == 1)
        }
        #expect(try temporaryFiles().isEmpty, "a forgotten spool removes its file")
        let spool = try store.newSpool()
        try spool.append([1])
        spool.discard()
        #expect(try temporaryFiles().isEmpty)
        #expect(throws: BlobStoreError.spoolClosed) { try spool.append([2]) }
        #expect(throws: BlobStoreError.spoolClosed) { try spool.commit() }
        #expect(try store.list().isEmpty)
    }

    @Test func `A sealed spool takes no more bytes, holds no descriptor, and can be committed once`() throws {
        let store = try BlobStore(root: root)
        let before = try openFiles()
        let spools = try (0..<20).map { number in
            let spool = try store.newSpool()
            try spool.append([UInt8(number)])
            try spool.seal()
            try spool.seal()
            return spool
        }
        #expect(try openFiles() <= before)
        #expect(throws: BlobStoreError.spoolClosed) { try spools[0].append([2]) }
        for spool in spools { _ = try spool.commit() }
        #expect(throws: BlobStoreError.spoolClosed) { try spools[0].commit() }
        spools[0].discard()
        #expect(try store.list().count == 20)
        #expect(try store.read(SHA256.hash([0])) == [0])
    }

    @Test func `A blob whose bytes have changed on disk is found out`() throws {
        let store = try BlobStore(root: root)
        let reference = try store.put(Array("abc".utf8))
        try Data("abd".utf8).write(to: URL(fileURLWithPath: path(of: reference)))
        #expect(throws: BlobStoreError.corrupt) { try store.read(reference.sha256) }
        // Sending the bytes again heals it.
        _ = try store.put(Array("abc".utf8))
        #expect(try store.read(reference.sha256) == Array("abc".utf8))
    }

    @Test func `A missing blob is not found`() throws {
        let store = try BlobStore(root: root)
        let absent = SHA256.hash([9])
        #expect(!store.contains(absent))
        #expect(throws: BlobStoreError.notFound) { try store.read(absent) }
        #expect(try !store.remove(absent))
        #expect(try !store.remove(absent, ifOlderThan: .zero))
    }

    @Test func `A removed blob is gone, but an open reader goes on`() throws {
        let store = try BlobStore(root: root)
        let reference = try store.put([1, 2, 3])
        let reader = try store.open(reference.sha256)
        #expect(store.contains(reference.sha256))
        #expect(try store.remove(reference.sha256))
        #expect(!store.contains(reference.sha256))
        #expect(try reader.read(at: 1, count: 2) == [2, 3])
    }

    @Test func `A young blob is spared, and a second commit makes it young again`() throws {
        let store = try BlobStore(root: root)
        let reference = try store.put([1])
        #expect(try !store.remove(reference.sha256, ifOlderThan: .seconds(3600)))
        try age(reference, by: 7200)
        _ = try store.put([1])
        #expect(try !store.remove(reference.sha256, ifOlderThan: .seconds(3600)))
        try age(reference, by: 7200)
        #expect(try store.remove(reference.sha256, ifOlderThan: .seconds(3600)))
    }

    @Test func `The sweeps remove what a dead process left, and nothing else`() throws {
        let dead = try BlobStore(root: root)
        try Data([1]).write(to: URL(fileURLWithPath: "\(root)/tmp/feed-1"))
        let kept = try dead.put([1])
        let orphan = try dead.put([2])
        try Data([1]).write(to: URL(fileURLWithPath: "\(root)/blobs/README"))

        let store = try BlobStore(root: root)
        let live = try store.newSpool()
        try live.append([3])
        #expect(try store.sweepTemporary() == 1)
        #expect(try live.commit().size == 1)
        #expect(try Set(store.list()) == [kept.sha256, orphan.sha256, SHA256.hash([3])])
        #expect(try store.sweepOrphans(ifOlderThan: .seconds(3600)) { $0 == kept.sha256 } == 0)
        try age(orphan, by: 7200)
        try age(kept, by: 7200)
        #expect(try store.sweepOrphans(ifOlderThan: .seconds(3600)) { $0 == kept.sha256 } == 1)
        #expect(try Set(store.list()) == [kept.sha256, SHA256.hash([3])])
    }

    @Test func `A full disk is told apart from a broken one, and leaves no file`() throws {
        let store = try BlobStore(root: root)
        // The device that is always full.
        let full = try FileDescriptor(opening: "/dev/full", for: .writing)
        #expect(throws: BlobStoreError.noSpace) { try disk(full.writeAll([0])) }
        #expect(BlobStoreError(SystemError(call: "write", code: ENOSPC)) == .noSpace)
        #expect(BlobStoreError(SystemError(call: "write", code: EDQUOT)) == .noSpace)
        #expect(BlobStoreError(SystemError(call: "write", code: EIO)) == .system(call: "write", errno: EIO))
        #expect(try store.freeBytes() > 0)
    }

    @Test func `A commit that fails leaves neither blob nor temporary file`() throws {
        let store = try BlobStore(root: root)
        let spool = try store.newSpool()
        try spool.append(Array("abc".utf8))
        // A file where the blob's folder should be.
        try FileManager.default.removeItem(atPath: "\(root)/blobs/ba")
        try Data().write(to: URL(fileURLWithPath: "\(root)/blobs/ba"))
        #expect(throws: BlobStoreError.self) { try spool.commit() }
        #expect(throws: BlobStoreError.spoolClosed) { try spool.commit() }
        #expect(try temporaryFiles().isEmpty)
    }

    @Test func `Many tasks that store the same and different bytes do not disturb each other`() async throws {
        let store = try BlobStore(root: root)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(number % 8), count: 1000)
                    let reference = try store.put(bytes)
                    #expect(try store.read(reference.sha256) == bytes)
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.list().count == 8)
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
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + name)
            return target?.hasPrefix(root) ?? false
        }.count
    }
}
