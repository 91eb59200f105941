import BlobHarness
import BlobStorage
import Cryptography
import Testing

@Suite struct RemovingTests {
    @Test(arguments: Storages.allCases)
    func `A removed blob is gone, and the others stay`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let (gone, kept) = (try blobs.put([1]).sha256, try blobs.put([2]).sha256)
        #expect(try blobs.remove(gone))
        #expect(try !blobs.remove(gone))
        #expect(try blobs.size(of: gone) == nil)
        #expect(throws: BlobStorageError.notFound) { try blobs.read(gone) }
        #expect(try blobs.list() == [kept])
        #expect(try blobs.read(kept) == [2])
        #expect(try blobs.put([1]).sha256 == gone)
        #expect(try blobs.read(gone) == [1])
    }

    @Test(arguments: Storages.allCases)
    func `A reader whose blob is removed goes on, or finds nothing`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let sha256 = try blobs.put([1, 2, 3]).sha256
        let reader = try blobs.open(sha256)
        try blobs.remove(sha256)
        do throws(BlobStorageError) {
            #expect(try reader.read(at: 1, count: 2) == [2, 3])
        } catch {
            #expect(error == .notFound)
        }
    }

    @Test(arguments: Storages.allCases)
    func `A young blob is spared, and one that is placed again is young again`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let sha256 = try blobs.put([1]).sha256
        #expect(try !blobs.remove(sha256, ifOlderThan: .seconds(3600)))
        try test.age(sha256, by: .seconds(7200))
        _ = try blobs.put([1])
        #expect(try !blobs.remove(sha256, ifOlderThan: .seconds(3600)))
        try test.age(sha256, by: .seconds(7200))
        #expect(try blobs.remove(sha256, ifOlderThan: .seconds(3600)))
        #expect(try blobs.list().isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `The age counts from when a spool is placed, not from when it was written`(
        _ storage: Storages
    ) async throws {
        let test = try storage.make()
        let blobs = try test.open()
        let spool = try blobs.newSpool()
        try spool.append([1])
        try spool.seal()
        // A storage may count from up to five seconds before the place.
        try await Task.sleep(for: .seconds(6))
        let sha256 = try blobs.commit(spool).sha256
        #expect(try !blobs.remove(sha256, ifOlderThan: .seconds(5)))
    }

    @Test(arguments: Storages.allCases)
    func `Where no age is asked for, a blob from the future is removed too`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        for age in [Duration.zero, .seconds(-1)] {
            let sha256 = try blobs.put([1]).sha256
            try test.age(sha256, by: .seconds(-3600))
            #expect(try !blobs.remove(sha256, ifOlderThan: .seconds(1)))
            #expect(try blobs.remove(sha256, ifOlderThan: age))
        }
    }
}
