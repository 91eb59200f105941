import Cryptography
import Glibc
import JobModel
import Queue
import SQLStore
import StoreHarness
import Synchronization
import Testing

@testable import PostgresStore

/// What stores on several nodes do for each other: two in each test, on one database.
@Suite(Server.isThere) struct ClusterTests {
    private let clock = TestClock()
    private let location: PostgresLocation

    init() throws { location = try Server.location() }

    /// Two nodes by the clock of the test, which hear no hints.
    private func pair() throws -> (PostgresStore, PostgresStore) {
        func open() throws -> PostgresStore {
            try PostgresStore(location, generatorVersion: 1, now: { [clock] in clock.now })
        }
        return (try open(), try open())
    }

    /// Two nodes as they are.
    private func livePair() throws -> (PostgresStore, PostgresStore) {
        func open() throws -> PostgresStore {
            try PostgresStore(location, generatorVersion: 1, connections: 2)
        }
        return (try open(), try open())
    }

    @Test func `One node leads until its time is over or it resigns`() async throws {
        let (one, other) = try pair()
        #expect(try await one.lead(as: "one", for: .seconds(15)))
        #expect(try await !other.lead(as: "other", for: .seconds(15)))
        clock.advance(by: .milliseconds(14_999))
        #expect(try await one.lead(as: "one", for: .seconds(15)))
        clock.advance(by: .milliseconds(14_999))
        #expect(try await !other.lead(as: "other", for: .seconds(15)))
        clock.advance(by: .milliseconds(1))
        #expect(try await other.lead(as: "other", for: .seconds(15)))
        #expect(try await !one.lead(as: "one", for: .seconds(15)))
        try await one.leave(as: "one")
        #expect(try await !one.lead(as: "one", for: .seconds(15)))
        try await other.leave(as: "other")
        #expect(try await one.lead(as: "one", for: .seconds(15)))
    }

    @Test func `Of many that ask at once one leads`() async throws {
        let (one, other) = try pair()
        let leaders = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<12 {
                let store = number.isMultiple(of: 2) ? one : other
                group.addTask { try await store.lead(as: "node-\(number)", for: .seconds(15)) }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(leaders == 1)
    }

    @Test func `Nodes are known for as long as they tell of themselves`() async throws {
        let (one, other) = try pair()
        let first = NodeReport(
            name: "a",
            version: "1",
            place: "here",
            codecs: 4,
            pixelsPerSecond: 7,
            downloads: [.random(), .random()]
        )
        let second = NodeReport(
            name: "b",
            role: .worker,
            version: "2",
            place: "there",
            codecs: 1,
            pixelsPerSecond: nil
        )
        try await one.report(first)
        clock.advance(by: .seconds(20))
        try await other.report(second)
        #expect(try await one.nodes(seenWithin: .seconds(30)) == [first, second])
        clock.advance(by: .seconds(10))
        #expect(try await one.nodes(seenWithin: .seconds(30)) == [second])
        try await one.report(second)
        #expect(try await other.nodes(seenWithin: .seconds(60)).count == 2)
    }

    @Test func `The census has who is silent, and not who has left`() async throws {
        let (one, other) = try pair()
        func node(_ name: String, _ role: NodeRole) -> NodeReport {
            NodeReport(
                name: name,
                role: role,
                version: "1",
                place: name,
                codecs: 1,
                pixelsPerSecond: nil
            )
        }
        try await one.report(node("a", .server))
        try await one.report(node("c", .server))
        clock.advance(by: .seconds(40))
        try await other.report(node("b", .worker))
        try await one.leave(as: "c")
        let census = try #require(try await other.census(within: .seconds(3600)))
        #expect(
            census.nodes == [
                .init(name: "a", role: .server, version: "1", silence: .seconds(40)),
                .init(name: "b", role: .worker, version: "1", silence: .zero),
            ]
        )
        let limit = try Server.psql("SHOW max_connections")
        #expect("\(census.maxConnections)" == limit && census.connections >= 2)
        clock.advance(by: .seconds(3560))
        #expect(try await other.census(within: .seconds(3600))?.nodes.map(\.name) == ["b"])
    }

    @Test func `What comes of transactions is counted`() async throws {
        let (one, _) = try pair()
        let before = try #require(one.link)
        #expect(before.limit == 4 && before.busy == 0 && before.idle > 0)
        #expect(before.hintsHeard.keys.sorted() == ["jobs", "keys", "leases", "work"])
        await #expect(throws: StoreError.self) {
            try await one.write { db in _ = try db.rows("SELECT 1 / 0") }
        }
        try await one.check()
        let after = try #require(one.link)
        func more(_ outcome: DatabaseLink.Outcome) -> Int {
            (after.transactions[outcome] ?? 0) - (before.transactions[outcome] ?? 0)
        }
        #expect(more(.failed) == 1 && more(.done) == 1 && more(.lost) == 0)
        #expect(after.seconds > before.seconds && after.busy == 0)
        try one.close()
        await #expect(throws: StoreError.self) { try await one.check() }
    }

    @Test func `What the first node says counts for all`() async throws {
        let (one, other) = try pair()
        #expect(try await one.agreed(on: "key") == nil)
        #expect(try await one.agree(on: "key", "a") == "a")
        #expect(try await other.agree(on: "key", "b") == "a")
        #expect(try await other.agreed(on: "key") == "a")
    }

    // MARK: - Notes of blobs

    private func removable(
        _ store: PostgresStore,
        _ blobs: [SHA256Digest]
    ) async throws
        -> [SHA256Digest]
    {
        let found = Mutex<[SHA256Digest]>([])
        try await store.withUnreferenced(among: blobs) { free in
            found.withLock { $0 += free }
        }
        return found.withLock { $0 }
    }

    @Test func `A blob that a node is about to file is left alone by the others`() async throws {
        let (one, other) = try pair()
        let (noted, free) = (blob("noted"), blob("free"))
        try one.note([noted, noted])
        #expect(try await removable(other, [noted, free]) == [free])
        one.settle([noted])
        // Settled once, and noted twice.
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await removable(other, [noted]) == [])
        one.settle([noted])
        while try await removable(other, [noted]) != [noted] {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    @Test func `A note of a node that died lapses after a day`() async throws {
        let (one, other) = try pair()
        try one.note([blob("noted")])
        clock.advance(by: .seconds(24 * 60 * 60 - 1))
        #expect(try await removable(other, [blob("noted")]) == [])
        _ = try await other.followClock()
        clock.advance(by: .seconds(1))
        #expect(try await removable(other, [blob("noted")]) == [blob("noted")])
        _ = try await other.followClock()
        try other.note([blob("noted")])
        #expect(try await removable(one, [blob("noted")]) == [])
    }

    @Test func `A note waits for a removal that is at work`() async throws {
        let (one, other) = try pair()
        let events = Mutex<[String]>([])
        let (stream, begun) = AsyncStream<Void>.makeStream()
        let removal = Task {
            try await one.withUnreferenced(among: [blob("x")]) { _ in
                begun.finish()
                // Long enough for a note that does not wait to overtake.
                usleep(300_000)
                events.withLock { $0.append("removed") }
            }
        }
        for await _ in stream {}
        try other.note([blob("x")])
        events.withLock { $0.append("noted") }
        try await removal.value
        #expect(events.withLock { $0 } == ["removed", "noted"])
    }

    // MARK: - Hints

    @Test(.timeLimit(.minutes(5)))
    func `Work that one node takes in wakes another, and its end wakes who watches`()
        async throws
    {
        let (one, other) = try livePair()
        let tenant = try await one.tenant()
        // The listeners are connected once a hint arrives.
        let mark = other.workMark
        let waiting = Task {
            // By its own look it would come back too late for this test.
            try await other.waitForWork(after: mark, atMost: .seconds(3600))
        }
        let job = try await one.job(tenant, sizes: [1])
        try await waiting.value
        let watch = try #require(try await one.watch(job.id, tenant: tenant))
        let look = watch.mark
        let claim = try #require(try await other.claim(owner: worker()).first)
        try await other.finish(claim, done(claim))
        await watch.wait(after: look, atMost: .seconds(3600))
        #expect(watch.mark != look)
        try one.close()
        try other.close()
    }

    @Test(.timeLimit(.minutes(5)))
    func `Hints are counted by who sends and who hears them`() async throws {
        let (one, other) = try livePair()
        while other.link?.isListening != true { try await Task.sleep(for: .milliseconds(20)) }
        #expect(one.link?.hintsSent["work"] == 0)
        _ = try await one.job(try await one.tenant(), sizes: [1])
        while other.link?.hintsHeard["work"] == 0 || one.link?.hintsSent["work"] == 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(other.link?.hintsSent["work"] == 0)
        try one.close()
        try other.close()
    }

    @Test func `A key that one node revokes is refused by another, at the latest a second later`()
        async throws
    {
        let (one, other) = try livePair()
        let secret = try APIKeySecret.generate()
        let key = try await one.createKey(
            name: "a",
            scopes: [.read],
            hash: secret.hash,
            prefix: secret.prefix
        )
        #expect(try await other.key(hash: secret.hash)?.id == key.id)
        #expect(try await one.revokeKey(key.id) == .revoked)
        #expect(try await one.key(hash: secret.hash) == nil)
        try await Task.sleep(for: .seconds(1))
        #expect(try await other.key(hash: secret.hash) == nil)
        try one.close()
        try other.close()
    }

    @Test func `No lease is taken back right after the database has started`() async throws {
        let (one, other) = try livePair()
        let started = try Server.psql(
            "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())"
        )
        let age = try #require(Double(started))
        #expect(try await one.mayRescue(.seconds(Int(age) + 600)) == false)
        #expect(try await other.mayRescue(.milliseconds(1)))
        try one.close()
        try other.close()
    }
}
