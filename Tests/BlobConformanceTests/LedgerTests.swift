import BlobHarness
import BlobStorage
import Cryptography
import Testing

/// The ledger needs no more of a storage than the port has.
@Suite struct LedgerTests {
    private func spool(_ bytes: [UInt8], in blobs: any BlobStorage) throws -> any BlobSpool {
        let spool = try blobs.newSpool()
        try spool.append(bytes)
        return spool
    }

    @Test(arguments: Storages.allCases)
    func `What is filed is kept from removals until it is settled, as often as it was filed`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let ledger = BlobLedger(blobs: blobs)
        let filed = try ledger.commit([spool([1], in: blobs), spool([2], in: blobs)])
        #expect(filed.map(\.sha256) == [SHA256.hash([1]), SHA256.hash([2])])
        let one = try ledger.put([1]).sha256
        ledger.settle(filed.map(\.sha256))
        for blob in filed { ledger.remove(blob.sha256, ifOlderThan: .zero) }
        #expect(try blobs.list() == [one])
        ledger.settle([one])
        ledger.remove(one, ifOlderThan: .seconds(60))
        #expect(try blobs.list() == [one])
        ledger.remove(one, ifOlderThan: .zero)
        #expect(try blobs.list().isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `If one spool cannot be filed, none is noted`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let ledger = BlobLedger(blobs: blobs)
        let discarded = try spool([2], in: blobs)
        discarded.discard()
        #expect(throws: BlobStorageError.spoolClosed) {
            try ledger.commit([spool([1], in: blobs), discarded])
        }
        let kept = try blobs.put([1]).sha256
        ledger.remove(kept, ifOlderThan: .zero)
        #expect(try blobs.list().isEmpty)
    }

    @Test func `A storage that is full notes nothing, and what it refused leaves nothing`() throws {
        let blobs = MemoryBlobs()
        let ledger = BlobLedger(blobs: blobs)
        let kept = try blobs.put([1]).sha256
        blobs.setFull(true)
        #expect(throws: BlobStorageError.noSpace) { try blobs.checkWrites() }
        #expect(throws: BlobStorageError.noSpace) { try ledger.put([1]) }
        ledger.remove(kept, ifOlderThan: .zero)
        #expect(blobs.list().isEmpty)
        blobs.setFull(false)
        #expect(try ledger.put([1]).sha256 == kept)
    }

    @Test(arguments: Storages.allCases)
    func `However filings and removals meet, what is noted is there`(
        _ storage: Storages
    ) async throws {
        let test = try storage.make()
        let blobs = try test.open()
        let ledger = BlobLedger(blobs: blobs)
        let sha256 = SHA256.hash([1])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<100 {
                        _ = try ledger.put([1])
                        #expect(try blobs.read(sha256) == [1])
                        ledger.settle([sha256])
                        ledger.remove(sha256, ifOlderThan: .zero)
                        await Task.yield()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try blobs.list().isEmpty)
    }
}
