import BlobStorage
import Cryptography
import Foundation
import Testing

@testable import LocalBlobs

@Suite final class SetAsideTests {
    let root = FileManager.default.temporaryDirectory.path + "/blob-store-" + UUID().uuidString
    /// The 14th of July 2024, 12:30:00.250 UTC.
    let time: Int64 = 1_720_960_200_250

    deinit {
        try? FileManager.default.removeItem(atPath: root)
    }

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted()
    }

    private func modified(_ name: String) throws -> Date? {
        let path = "\(root)/set-aside/\(name)"
        return try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test func `What nobody refers to is moved, byte for byte, and the rest stays`() throws {
        let store = try LocalBlobs(root: root)
        let (kept, lost) = (try store.put([1]).sha256, try store.put([2, 3]).sha256)
        #expect(try store.listSetAside().isEmpty)
        let moved = try store.setOrphansAside(at: time) { $0 == kept }
        #expect((moved.files, moved.bytes) == (1, 2))
        #expect(try store.list() == [kept])
        #expect(try names(in: "set-aside") == [lost.hex])
        #expect(
            FileManager.default.contents(atPath: "\(root)/set-aside/\(lost.hex)") == Data([2, 3])
        )
        let date = try #require(try modified(lost.hex))
        #expect(abs(date.timeIntervalSince1970 - 1_720_960_200.25) < 0.001)
        let none = try store.setOrphansAside(at: time) { _ in true }
        #expect(none.files == 0)
    }

    @Test func `What is referred to again is put back, and is as it was`() throws {
        let store = try LocalBlobs(root: root)
        let (wanted, other) = (try store.put([5, 5, 5]).sha256, try store.put([6]).sha256)
        _ = try store.setOrphansAside(at: time) { _ in false }
        let back = try store.putBack { $0 == wanted }
        #expect((back.files, back.bytes) == (1, 3))
        #expect(try store.read(wanted) == [5, 5, 5])
        #expect(try names(in: "set-aside") == [other.hex])
    }

    @Test func `Bytes that were sent again are there once`() throws {
        let store = try LocalBlobs(root: root)
        let blob = try store.put([7]).sha256
        _ = try store.setOrphansAside(at: time) { _ in false }
        #expect(!store.contains(blob))
        _ = try store.put([7])
        let back = try store.putBack { _ in true }
        #expect(back.files == 0)
        #expect(try store.read(blob) == [7])
        #expect(try names(in: "set-aside").isEmpty)
    }

    @Test
    func `What was set aside is erased after its time and not before, also when that was moved`()
        throws
    {
        let store = try LocalBlobs(root: root)
        let first = try store.put([1]).sha256
        _ = try store.setOrphansAside(at: time) { _ in false }
        let second = try store.put([2]).sha256
        _ = try store.setOrphansAside(at: time + 1000) { _ in false }
        let early = try store.eraseSetAside(until: time - 1)
        #expect(early.files == 0)
        try store.shiftSetAsideTimes(by: 3_600_000)
        let late = try store.eraseSetAside(until: time + 1000)
        #expect(late.files == 0)
        let erased = try store.eraseSetAside(until: time + 3_600_000)
        #expect((erased.files, erased.bytes) == (1, 1))
        #expect(try store.listSetAside() == [second])
        #expect(first != second)
    }

    @Test func `A date before 1970, by a clock that was never set, is written as well`() throws {
        let store = try LocalBlobs(root: root)
        _ = try store.put([1])
        _ = try store.setOrphansAside(at: -1) { _ in false }
        #expect(try store.eraseSetAside(until: -2).files == 0)
        #expect(try store.eraseSetAside(until: -1).files == 1)
    }

    @Test func `A file that somebody has put there is left alone`() throws {
        let store = try LocalBlobs(root: root)
        _ = try store.put([1])
        _ = try store.setOrphansAside(at: time) { _ in false }
        #expect(
            FileManager.default.createFile(atPath: "\(root)/set-aside/README", contents: Data())
        )
        #expect(try store.eraseSetAside(until: .max).files == 1)
        #expect(try names(in: "set-aside") == ["README"])
    }
}
