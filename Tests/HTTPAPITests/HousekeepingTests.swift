import BlobStorage
import Cryptography
import Foundation
import HTTPServer
import HTTPTypes
import HTTPWire
import LocalBlobs
import Operations
import Queue
import Testing

@testable import HTTPAPI

@Suite("Housekeeping")
struct HousekeepingTests {
    /// Makes a file as old as if it had waited for its row all the time.
    private func age(_ sha256: SHA256Digest, by seconds: Double, in fixture: Fixture) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)],
            ofItemAtPath: "\(fixture.folder)/blobs/\(sha256.hex.prefix(2))/\(sha256.hex)"
        )
    }

    @Test(
        "The sweep takes old files that no row refers to, but none whose row is still to be written"
    )
    func sweep() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.upload([1])
        try await fixture.work()
        let young = try fixture.blobs.put([8]).sha256
        let old = try fixture.blobs.put([9]).sha256
        let waiting = try fixture.api.ledger.put([7]).sha256
        let referenced = [SHA256.hash([1]), SHA256.hash([1, 0])]
        for sha256 in [old, waiting] + referenced { try age(sha256, by: 3600, in: fixture) }
        try await fixture.housekeeping.sweepOrphans()
        #expect(try Set(fixture.blobs.list()) == Set(referenced + [young, waiting]))
        // No row has come, and none will.
        fixture.api.ledger.settle([waiting])
        try await fixture.housekeeping.sweepOrphans()
        #expect(try Set(fixture.blobs.list()) == Set(referenced + [young]))
    }

    @Test("A clock that was set back keeps no file of an erased or an expired job")
    func future() async throws {
        let fixture = try await Fixture { $0.retention = .seconds(100) }
        let erased = try await fixture.upload([1])
        _ = try await fixture.upload([2])
        try await fixture.work()
        for sha256 in try fixture.blobs.list() { try age(sha256, by: -3600, in: fixture) }
        #expect(try await fixture.send(.delete, erased).status == 204)
        #expect(try Set(fixture.blobs.list()) == [SHA256.hash([2]), SHA256.hash([2, 0])])
        fixture.clock.advance(seconds: 101)
        try await fixture.housekeeping.expire()
        #expect(try fixture.blobs.list().isEmpty)
        try age(fixture.blobs.put([3]).sha256, by: -3600, in: fixture)
        try await fixture.housekeeping.leftovers.cleanUpAfterLastRun()
        #expect(try fixture.blobs.list().isEmpty)
        #expect(try fixture.blobs.listSetAside() == [SHA256.hash([3])])
    }

    @Test(
        "A job whose archive is being sent expires when that is over, and meanwhile nobody else gets it"
    )
    func downloads() async throws {
        let fixture = try await Fixture { $0.retention = .seconds(100) }
        let path = try await fixture.upload([1])
        try await fixture.work()
        let whole = try await fixture.send(.get, "\(path)/archive.zip").body
        let started = try await archive(of: path, in: fixture)
        fixture.clock.advance(seconds: 101)
        try await fixture.housekeeping.expire()
        #expect(try await fixture.send(.get, "\(path)/archive.zip").status == 410)
        #expect(try await Answer(started.take()).body == whole)
        try await fixture.housekeeping.expire()
        #expect(try fixture.blobs.list().isEmpty)
    }

    /// A response that is given up once it is sent.
    private final class Started {
        private var response: ServerResponse?
        init(_ response: ServerResponse) { self.response = response }
        func take() throws -> ServerResponse {
            defer { response = nil }
            return try #require(response)
        }
    }

    private func archive(of path: String, in fixture: Fixture) async throws -> Started {
        let request = ServerRequest(
            method: .get,
            target: try RequestTarget("\(path)/archive.zip"),
            fields: [.authorization: "Bearer \(fixture.secret.text)"],
            body: RequestBody([])
        )
        return Started(await fixture.api.respond(to: request, by: fixture.router))
    }

    @Test("What two have filed stays until both rows are written")
    func twice() async throws {
        let fixture = try await Fixture()
        let (first, second) = (
            try fixture.api.ledger.put([7]).sha256, try fixture.api.ledger.put([7]).sha256
        )
        #expect(first == second)
        fixture.api.ledger.settle([first])
        try await fixture.housekeeping.remove([first], ifOlderThan: .seconds(-1))
        #expect(try fixture.blobs.list() == [first])
        fixture.api.ledger.settle([second])
        try await fixture.housekeeping.remove([first], ifOlderThan: .seconds(-1))
        #expect(try fixture.blobs.list().isEmpty)
        // Nor does it take room any more.
        let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/tmp")
        #expect(files.isEmpty)
    }

    @Test("Neither an erasure nor an expiry takes a picture whose other row is still to be written")
    func sharedOutputs() async throws {
        let fixture = try await Fixture { $0.retention = .seconds(100) }
        let paths = [try await fixture.upload([1]), try await fixture.upload([2])]
        try await fixture.work { _ in .picture([7]) }
        // What the worker of a third photo does whose protected picture has the same bytes.
        let output = try fixture.api.ledger.put([7]).sha256
        try age(output, by: 3600, in: fixture)
        #expect(try await fixture.send(.delete, paths[0]).status == 204)
        fixture.clock.advance(seconds: 101)
        try await fixture.housekeeping.expire()
        #expect(try fixture.blobs.list() == [output])
    }

    @Test("A database older than its photos sets these aside, and they come back with the rows")
    func olderDatabase() async throws {
        let fixture = try await Fixture()
        let early = try await fixture.upload([1])
        let photo = try fixture.blobs.put([2]).sha256
        try await fixture.housekeeping.leftovers.cleanUpAfterLastRun()
        #expect(try fixture.blobs.list() == [SHA256.hash([1])])
        #expect(try fixture.blobs.listSetAside() == [photo])
        // As if the rows had come back with a later database.
        let blobs = fixture.blobs
        _ = try blobs.setOrphansAside(at: fixture.clock.now) { _ in false }
        try await fixture.housekeeping.leftovers.cleanUpAfterLastRun()
        #expect(try fixture.blobs.read(SHA256.hash([1])) == [1])
        #expect(try await fixture.send(.get, early).status == 200)
        #expect(try fixture.blobs.listSetAside() == [photo])
    }

    @Test("What was set aside is erased after its period, which goes on by the store's clock")
    func period() async throws {
        let fixture = try await Fixture { $0.setAside = .seconds(3600) }
        let orphan = try fixture.blobs.put([2]).sha256
        try await fixture.housekeeping.leftovers.cleanUpAfterLastRun()
        fixture.clock.advance(seconds: 3599)
        try await fixture.housekeeping.leftovers.eraseSetAside()
        #expect(try fixture.blobs.listSetAside() == [orphan])
        fixture.clock.advance(seconds: 1)
        try await fixture.housekeeping.leftovers.eraseSetAside()
        #expect(try fixture.blobs.listSetAside().isEmpty)
    }
}
