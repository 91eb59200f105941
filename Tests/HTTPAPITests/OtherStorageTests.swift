import BlobHarness
import BlobStorage
import Cryptography
import HTTPTypes
import LocalBlobs
import Testing

@testable import HTTPAPI

/// The API asks no more of where the photos are than the port has.
@Suite("Another storage")
struct OtherStorageTests {
    @Test("Photos are taken, given back and erased without a file of theirs on the disk")
    func wholeWay() async throws {
        let blobs = MemoryBlobs()
        let fixture = try await Fixture(over: blobs) { $0.retention = .seconds(100) }
        let (first, second) = (try await fixture.upload([1]), try await fixture.upload([2]))
        try await fixture.work()
        #expect(Set(blobs.list()) == Set([[1], [1, 0], [2], [2, 0]].map { SHA256.hash($0) }))
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try await fixture.send(.get, "\(first)/images/1.png").body == [1, 0])
        #expect(try await fixture.send(.get, "\(first)/archive.zip").status == 200)
        #expect(try await fixture.send(.get, "/readyz").status == 200)
        #expect(try await fixture.send(.delete, first).status == 204)
        #expect(Set(blobs.list()) == Set([[2], [2, 0]].map { SHA256.hash($0) }))
        fixture.clock.advance(seconds: 101)
        try await fixture.housekeeping.expire()
        try await fixture.housekeeping.sweepOrphans()
        #expect(try await fixture.send(.get, second).status == 410)
        #expect(blobs.list().isEmpty)
    }

    @Test("A storage that is full refuses an upload as a full disk does, and nothing is left of it")
    func full() async throws {
        let blobs = MemoryBlobs()
        let fixture = try await Fixture(over: blobs)
        blobs.setFull(true)
        let answer = try await fixture.send(.post, "/v1/jobs?class=a", body: [1])
        #expect((answer.status, answer.code) == (507, "disk_low"))
        #expect(blobs.list().isEmpty)
        #expect(try await fixture.send(.get, "/readyz").status == 503)
    }
}
