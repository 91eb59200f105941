import BlobHarness
import BlobStorage
import Cryptography
import Testing

@Suite struct WritingTests {
    @Test(arguments: Storages.allCases)
    func `Bytes are filed under their hash, and read back`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let blob = try blobs.put(Array("abc".utf8))
        // The name is the sum that FIPS 180-4 gives for "abc".
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let sha256 = try #require(SHA256Digest(hex: hex))
        #expect(blob == BlobReference(sha256: sha256, size: 3))
        #expect(try blobs.size(of: sha256) == 3)
        #expect(try blobs.read(sha256) == Array("abc".utf8))
        #expect(try blobs.list() == [sha256])
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `Pieces add up to one blob`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
        let spool = try blobs.newSpool()
        var position = 0
        for size in [0, 1, 131_072, 7, 100_000] {
            try spool.append(Array(bytes[position..<position + size]))
            position += size
        }
        try spool.append(Array(bytes[position...]))
        #expect(spool.size == 300_000)
        let blob = try blobs.commit(spool)
        #expect(blob == BlobReference(sha256: SHA256.hash(bytes), size: 300_000))
        #expect(try blobs.read(blob.sha256) == bytes)
    }

    @Test(arguments: Storages.allCases)
    func `The empty blob is a blob`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let blob = try blobs.put([])
        #expect(blob.size == 0)
        #expect(try blobs.size(of: blob.sha256) == 0)
        #expect(try blobs.read(blob.sha256).isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `Equal bytes are one blob`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let (first, second) = (try blobs.put([1, 2, 3]), try blobs.put([1, 2, 3]))
        #expect(first == second)
        #expect(try blobs.list() == [first.sha256])
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `A spool is not seen before it is placed, and leaves nothing if it never is`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        do {
            let spool = try blobs.newSpool()
            try spool.append([1])
            try spool.seal()
            #expect(try blobs.list().isEmpty)
            #expect(try blobs.size(of: SHA256.hash([1])) == nil)
            #expect(try test.unfinished() == 1)
        }
        #expect(try test.unfinished() == 0, "a forgotten spool")
        let spool = try blobs.newSpool()
        try spool.append([1])
        spool.discard()
        spool.discard()
        #expect(try test.unfinished() == 0)
        #expect(throws: BlobStorageError.spoolClosed) { try spool.append([2]) }
        #expect(throws: BlobStorageError.spoolClosed) { try spool.seal() }
        #expect(throws: BlobStorageError.spoolClosed) { try spool.contents() }
        #expect(throws: BlobStorageError.spoolClosed) { try spool.place() }
        #expect(try blobs.list().isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `A sealed spool knows its name and its bytes, takes no more, and is placed once`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let spool = try blobs.newSpool()
        try spool.append([7, 8])
        let name = BlobReference(sha256: SHA256.hash([7, 8]), size: 2)
        #expect(try spool.seal() == name)
        #expect(try spool.seal() == name)
        #expect(throws: BlobStorageError.spoolClosed) { try spool.append([9]) }
        #expect(try spool.contents() == [7, 8])
        #expect(try spool.place() == name)
        #expect(throws: BlobStorageError.spoolClosed) { try spool.place() }
        #expect(throws: BlobStorageError.spoolClosed) { try spool.contents() }
        spool.discard()
        try blobs.makeDurable([name.sha256])
        #expect(try blobs.read(name.sha256) == [7, 8])
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `Many spools wait sealed, and become durable together`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let spools = try (0..<300).map { number in
            let spool = try blobs.newSpool()
            try spool.append([UInt8(number % 250)])
            try spool.seal()
            return spool
        }
        let placed = try spools.map { try $0.place().sha256 }
        try blobs.makeDurable(placed)
        try blobs.makeDurable([])
        #expect(try Set(blobs.list()) == Set((0..<250).map { SHA256.hash([UInt8($0)]) }))
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases, [1, 7, 8, 100])
    func `Spools that are sealed together take no more bytes, and can be placed`(
        _ storage: Storages,
        count: Int
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let spools = try (0..<count).map { number in
            let spool = try blobs.newSpool()
            try spool.append([UInt8(number), 1])
            return spool
        }
        // One that is sealed already is none of a fault.
        try spools[0].seal()
        try blobs.seal(spools)
        try blobs.seal(spools)
        try blobs.seal([])
        for spool in spools {
            #expect(throws: BlobStorageError.spoolClosed) { try spool.append([9]) }
        }
        let placed = try spools.map { try $0.place() }
        #expect(
            placed
                == (0..<count).map {
                    BlobReference(sha256: SHA256.hash([UInt8($0), 1]), size: 2)
                }
        )
        try blobs.makeDurable(placed.map(\.sha256))
        for name in placed { #expect(try blobs.read(name.sha256).count == 2) }
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `A spool that was discarded is told of when many are sealed`(_ storage: Storages) throws {
        let test = try storage.make()
        let blobs = try test.open()
        let spools = try (0..<20).map { number in
            let spool = try blobs.newSpool()
            try spool.append([UInt8(number)])
            return spool
        }
        spools[13].discard()
        #expect(throws: BlobStorageError.spoolClosed) { try blobs.seal(spools) }
        #expect(try blobs.list().isEmpty)
    }

    @Test(arguments: Storages.allCases)
    func `The next run finds what is durable, and nothing of what was not placed`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let kept: SHA256Digest
        do {
            let blobs = try test.open()
            kept = try blobs.put([1]).sha256
            try blobs.newSpool().append([2])
        }
        let blobs = try test.open()
        #expect(try blobs.list() == [kept])
        #expect(try blobs.read(kept) == [1])
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `Whether anything can be written is found out without a trace`(
        _ storage: Storages
    ) throws {
        let test = try storage.make()
        let blobs = try test.open()
        try blobs.checkWrites()
        #expect(try blobs.list().isEmpty)
        #expect(try test.unfinished() == 0)
    }

    @Test(arguments: Storages.allCases)
    func `Many tasks that store the same and different bytes do not disturb each other`(
        _ storage: Storages
    ) async throws {
        let test = try storage.make()
        let blobs = try test.open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(number % 8), count: 1000)
                    let blob = try blobs.put(bytes)
                    #expect(try blobs.read(blob.sha256) == bytes)
                }
            }
            try await group.waitForAll()
        }
        #expect(try blobs.list().count == 8)
        #expect(try test.unfinished() == 0)
    }
}
