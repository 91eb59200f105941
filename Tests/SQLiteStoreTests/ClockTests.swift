import Foundation
import GRDB
import JobModel
import Migrations
import Queue
import StoreHarness
import Synchronization
import Testing

@testable import SQLStore
@testable import SQLiteStore

/// A machine whose calendar can be set, and which can be started anew.
private final class Machine: Sendable {
    private struct State {
        var boot = 1
        var uptime: Int64 = 5_000
        /// The calendar less the uptime.
        var offset: Int64 = 1_700_000_000_000
    }

    private let state = Mutex(State())

    func pass(_ duration: Duration) { state.withLock { $0.uptime += duration.milliseconds } }

    func set(by duration: Duration) { state.withLock { $0.offset += duration.milliseconds } }

    /// Starts it again, after it was off for so long by its calendar.
    func reboot(after duration: Duration) {
        state.withLock { state in
            let wall = state.uptime + state.offset + duration.milliseconds
            state = State(boot: state.boot + 1, uptime: 5_000, offset: wall - 5_000)
        }
    }

    var clock: MachineClock {
        MachineClock(
            wall: { [self] in state.withLock { $0.uptime + $0.offset } },
            uptime: { [self] in state.withLock { $0.uptime } },
            boot: "boot \(state.withLock { $0.boot })"
        )
    }
}

@Suite struct ClockTests {
    let test: TestStore
    private let machine = Machine()
    private static let year: Duration = .seconds(365 * 24 * 3600)

    init() throws { test = try TestStore() }

    private func open() throws -> SQLiteStore {
        try SQLiteStore(path: test.path, generatorVersion: 1, machine: machine.clock)
    }

    /// Lets time pass, with a look at the clock every half minute, as the service has it.
    private func pass(_ seconds: Int, _ store: SQLiteStore) async throws -> [Int64] {
        var steps: [Int64] = []
        for _ in 0..<seconds / 30 {
            machine.pass(.seconds(30))
            steps.append(try await store.followClock())
        }
        return steps.filter { $0 != 0 }
    }

    private func finished(
        _ store: SQLiteStore,
        _ tenant: APIKeyID,
        retention: Duration = .seconds(3600)
    ) async throws -> Job {
        let job = try await store.job(tenant, sizes: [40], retention: retention)
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, done(claim)))
        return try #require(try await store.job(job.id, tenant: tenant))
    }

    private func left(_ store: SQLiteStore, _ job: Job) async throws -> Int64 {
        let now = try #require(try await store.job(job.id, tenant: job.tenant))
        return try #require(now.expiresAt) - store.currentTime
    }

    @Test func `A year ahead and back within seconds erases nothing and changes no time`()
        async throws
    {
        let store = try open()
        let job = try await finished(store, try await store.tenant())
        machine.set(by: Self.year)
        #expect(try await pass(30, store).isEmpty)
        #expect(try await store.expireJobs().isEmpty)
        machine.set(by: Self.year * -1)
        #expect(try await pass(600, store).isEmpty)
        #expect(try await store.expireJobs().isEmpty)
        #expect(try await left(store, job) == 3_600_000 - 630_000)
        #expect(try await store.job(job.id, tenant: job.tenant) == job)
    }

    @Test(arguments: [year * 10, year * -10, year])
    func `A job that ends while the clock is wrong is kept as long as any`(
        off: Duration
    ) async throws {
        let store = try open()
        let tenant = try await store.tenant()
        // Wrong for seconds.
        machine.set(by: off)
        let short = try await finished(store, tenant)
        machine.set(by: .zero - off)
        #expect(try await left(store, short) == 3_600_000)
        // Wrong for so long that it is believed.
        machine.set(by: off)
        #expect(try await pass(300, store) == [off.milliseconds])
        let long = try await finished(store, tenant)
        machine.set(by: .zero - off)
        #expect(try await pass(300, store) == [-off.milliseconds])
        #expect(try await left(store, short) == 3_600_000 - 600_000)
        #expect(try await left(store, long) == 3_600_000 - 300_000)
        #expect(try await store.expireJobs().isEmpty)
        machine.pass(.seconds(3000))
        #expect(try await store.expireJobs().jobs == 1)
        machine.pass(.seconds(300))
        #expect(try await store.expireJobs().jobs == 1)
    }

    @Test(arguments: [year, year * -1, .seconds(-3600)])
    func `No duration is negative or longer than it was, whatever the clock does meanwhile`(
        off: Duration
    ) async throws {
        let store = try open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1_000_000, 1_000_000])
        machine.pass(.seconds(10))
        let first = try #require(try await store.claim(owner: worker()).first)
        machine.set(by: off)
        #expect(try await pass(120, store) == [off.milliseconds])
        #expect(first.waited == .seconds(10))
        #expect(try await store.finish(first, done(first)))
        let second = try #require(try await store.claim(owner: worker()).first)
        machine.pass(.seconds(5))
        #expect(try await store.finish(second, done(second)))
        let rows = try await store.pool.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT finished_at - started_at AS work FROM images ORDER BY number"
            ).map {
                $0["work"] as Int64
            }
        }
        #expect(rows == [120_000, 5_000])
        let ended = try #require(try await store.job(job.id, tenant: tenant))
        #expect(try #require(ended.finishedAt) - #require(ended.startedAt) == 125_000)
        #expect(try #require(ended.finishedAt) - ended.createdAt == 135_000)
    }

    @Test func `Work that waits goes on when the clock is set, and a lease is nobody else's`()
        async throws
    {
        let store = try open()
        let tenant = try await store.tenant()
        try await store.job(tenant, sizes: [40])
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, .retry(ioFault)))
        machine.set(by: Self.year * -1)
        machine.pass(.seconds(2))
        let again = try #require(try await store.claim(owner: worker()).first)
        machine.set(by: Self.year * 2)
        for _ in 0..<3 {
            machine.pass(.seconds(30))
            _ = try await store.followClock()
            #expect(try await store.heartbeat(claims: [again]) == [true])
            #expect(try await store.rescueExpired() == 0)
        }
    }

    @Test(arguments: [year, year * -1])
    func `A message to a webhook is sent again after its pause, however the clock is set`(
        off: Duration
    ) async throws {
        let store = try open()
        let tenant = try await store.tenant()
        let secret = [UInt8](repeating: 1, count: 32)
        _ = try await store.putWebhook("https://a", secret: secret, of: tenant)
        _ = try await store.addTestMessage(of: tenant)
        let due = try #require(try await store.dueWebhookMessages(limit: 1, sparing: []).first)
        let attempt = WebhookAttempt(status: 500, nextAt: store.currentTime + 1_800_000)
        try await store.noteWebhookAttempt(attempt, of: due)
        machine.set(by: off)
        #expect(try await pass(1770, store) == [off.milliseconds])
        #expect(try await store.dueWebhookMessages(limit: 1, sparing: []).isEmpty)
        machine.pass(.seconds(30))
        let again = try await store.dueWebhookMessages(limit: 1, sparing: [])
        #expect(again.map(\.message.id) == [due.message.id])
    }

    @Test func `A restart of the service goes on by the same clock`() async throws {
        var store = try open()
        let job = try await finished(store, try await store.tenant())
        try store.close()
        machine.set(by: Self.year)
        machine.pass(.seconds(100))
        store = try open()
        #expect(!store.isTimeInDoubt)
        #expect(try await store.expireJobs().isEmpty)
        #expect(try await left(store, job) == 3_500_000)
        // The clock is followed, and the time that is left stays the same.
        #expect(try await pass(120, store) == [Self.year.milliseconds])
        #expect(try await left(store, job) == 3_380_000)
    }

    @Test
    func `After a start of the machine nothing is erased for ten minutes, and then what was due`()
        async throws
    {
        var store = try open()
        let job = try await finished(store, try await store.tenant())
        try store.close()
        machine.reboot(after: .seconds(2 * 3600))
        store = try open()
        #expect(store.isTimeInDoubt)
        #expect(try await store.expireJobs().isEmpty)
        // A restart meanwhile does not forget it.
        try store.close()
        store = try open()
        #expect(store.isTimeInDoubt)
        #expect(try await pass(600, store).isEmpty)
        #expect(!store.isTimeInDoubt)
        #expect(try await store.expireJobs().jobs == 1)
        #expect(try await store.job(job.id, tenant: job.tenant)?.expiredAt != nil)
    }

    @Test
    func
        `A machine that starts ten years ahead and is put right keeps old results and new ones their time`()
        async throws
    {
        var store = try open()
        let tenant = try await store.tenant()
        let old = try await finished(store, tenant)
        try store.close()
        machine.reboot(after: Self.year * 10)
        store = try open()
        let new = try await finished(store, tenant)
        machine.set(by: .seconds(60) - Self.year * 10)
        #expect(try await pass(120, store) == [60_000 - (Self.year * 10).milliseconds])
        // It was off for a minute, as is known now.
        #expect(try await left(store, old) == 3_600_000 - 60_000 - 120_000)
        #expect(try await left(store, new) == 3_600_000 - 120_000)
        #expect(try await pass(600, store).isEmpty)
        #expect(try await store.expireJobs().isEmpty)
    }

    @Test func `A machine that starts in the past has lost no time`() async throws {
        var store = try open()
        let tenant = try await store.tenant()
        let job = try await finished(store, tenant)
        let open = try await store.job(tenant, sizes: [40])
        try store.close()
        machine.reboot(after: Self.year * -30)
        store = try self.open()
        #expect(!store.isTimeInDoubt)
        #expect(try await left(store, job) == 3_600_000)
        let claim = try #require(try await store.claim(owner: worker()).first)
        #expect(try await store.finish(claim, done(claim)))
        let ended = try #require(try await store.job(open.id, tenant: tenant))
        #expect(try #require(ended.finishedAt) >= ended.createdAt)
        machine.set(by: Self.year * 30)
        #expect(try await pass(120, store) == [(Self.year * 30).milliseconds])
        #expect(try await left(store, job) == 3_480_000)
    }

    @Test func `A command beside the service has the service's time`() async throws {
        let store = try open()
        #expect(try await store.keys().isEmpty)
        let attached = try SQLiteStore(attachingTo: test.path, generatorVersion: 1)
        // Another boot than the system's, so the wall clock's.
        #expect(abs(attached.currentTime - MachineClock.system.wall()) < 5_000)
        try attached.close()
        #expect(MachineClock.system.boot.count == 36)
    }

    @Test func `A step that cannot be written is taken later, as a whole`() async throws {
        let store = try open()
        let job = try await finished(store, try await store.tenant())
        machine.set(by: Self.year)
        #expect(try await pass(60, store).isEmpty)
        try await store.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = 1")
        }
        machine.pass(.seconds(30))
        await #expect(throws: StoreError.self) { _ = try await store.followClock() }
        #expect(try await left(store, job) == 3_600_000 - 90_000)
        try await store.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = 0")
        }
        #expect(try await store.followClock() == Self.year.milliseconds)
        #expect(try await left(store, job) == 3_600_000 - 90_000)
    }

    @Test func `What is written for a probe is written`() async throws {
        let store = try open()
        try await store.checkWrites()
        let seen = try await store.pool.read { db in
            try Int64.fetchOne(db, sql: "SELECT seen_at FROM clock")
        }
        #expect(seen == store.currentTime)
        try await store.pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA query_only = 1")
        }
        await #expect(throws: StoreError.self) { try await store.checkWrites() }
    }
}
