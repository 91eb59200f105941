import BlobHarness
import BlobStorage
import Cryptography
import Testing

@Suite struct ReadingTests {
    @Test(arguments: Storages.allCases)
    func `A blob is read in parts, none of them outside`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let reader = try blobs.open(blobs.put(bytes).sha256)
        #expect(reader.size == 300_000)
        #expect(try reader.read(at: 0, count: 300_000) == bytes)
        #expect(try reader.read(at: 10, count: 10) == Array(bytes[10..<20]))
        #expect(try reader.read(at: 299_999, count: 1) == [bytes[299_999]])
        #expect(try reader.read(at: 5, count: 0).isEmpty)
        #expect(try reader.read(at: 300_000, count: 0).isEmpty)
        for (offset, count) in [(299_999, 2), (UInt64.max, 1), (300_001, 0), (0, -1)] {
            #expect(throws: BlobStorageError.rangeOutsideBlob) {
                try reader.read(at: offset, count: count)
            }
        }
    }

    @Test(arguments: Storages.allCases)
    func `Many tasks read one blob at once`(_ storage: Storages) async throws {
        let test = try storage.make()
        let blobs = try test.open()
        let bytes = (0..<64).flatMap { [UInt8](repeating: $0, count: 1000) }
        let reader = try blobs.open(blobs.put(bytes).sha256)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let piece = try reader.read(at: UInt64(number * 1000), count: 1000)
                    #expect(piece.allSatisfy { $0 == UInt8(number) })
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: Storages.allCases)
    func `A missing blob is not found`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let absent = SHA256.hash([9])
        #expect(try blobs.size(of: absent) == nil)
        #expect(throws: BlobStorageError.notFound) { try blobs.read(absent) }
        #expect(throws: BlobStorageError.notFound) { _ = try blobs.open(absent) }
        #expect(try !blobs.remove(absent))
        #expect(try !blobs.remove(absent, ifOlderThan: .seconds(60)))
        #expect(try blobs.list().isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `A blob whose bytes have changed is found out, and healed when it is sent again`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let sha256 = try blobs.put(Array("abc".utf8)).sha256
        try test.damage(sha256)
        #expect(throws: BlobStorageError.corrupt) { try blobs.read(sha256) }
        // A store that compares hashes too may have put it aside.
        #expect(try [3, nil].contains(blobs.size(of: sha256)))
        #expect(try blobs.put(Array("abc".utf8)).sha256 == sha256)
        #expect(try blobs.read(sha256) == Array("abc".utf8))
    }
}
