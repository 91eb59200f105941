import JobModel
import Queue
import SQLStore
import StoreHarness
import Synchronization
import Testing

@testable import PostgresStore

/// Everything that writes, at once, on two nodes: no two transactions may wait for each other.
@Suite(Server.isThere) struct DeadlockTests {
    private static let duration = Duration.seconds(Server.isThorough ? 60 : 5)

    @Test func `Whatever is written at once, there is no deadlock, and the books balance`()
        async throws
    {
        let database = try Server.newDatabase()
        defer { try? Server.dropDatabase(database) }
        let location = try Server.location(schema: "palimpsest", database: database)
        let turmoil = try await Turmoil(location)
        let end = ContinuousClock.now + Self.duration
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    // Beside other tests a step may take seconds.
                    while ContinuousClock.now < end || turmoil.finished < 10 {
                        try await turmoil.step(worker: number)
                    }
                }
            }
            try await group.waitForAll()
        }
        let faults = try await turmoil.faults()
        #expect(faults == [])
        #expect(turmoil.finished > 0, "little was done")
        turmoil.close()
        // A backend tells what it counted when it ends.
        try await Task.sleep(for: .seconds(1))
        let deadlocks = try Server.psql(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = '\(database)'"
        )
        #expect(deadlocks == "0")
    }
}

/// Two nodes of one store, and what their callers know.
private final class Turmoil: Sendable {
    private struct Known {
        var jobs: [(id: JobIdentifier, tenant: APIKeyID)] = []
        var claims: [ClaimedImage] = []
        /// Which claim has protected an image, by job and number.
        var done: [String: ClaimToken] = [:]
        var doneTwice: [String] = []
    }

    private let clock = TestClock()
    private let stores: [PostgresStore]
    private let tenants: [APIKeyID]
    private let known = Mutex(Known())
    private let labels: [ClassLabel]

    init(_ location: PostgresLocation) async throws {
        let clock = clock
        stores = try (0..<2).map { _ in
            try PostgresStore(location, generatorVersion: 1, now: { clock.now })
        }
        let store = stores[0]
        var tenants: [APIKeyID] = []
        for _ in 0..<3 { tenants.append(try await store.tenant()) }
        self.tenants = tenants
        labels = try ["a", "b", "c", "d"].map { try ClassLabel($0) }
    }

    var finished: Int { known.withLock { $0.done.count } }

    func close() { for store in stores { try? store.close() } }

    func faults() async throws -> [String] {
        try await Books.faults(in: stores[0])
            + known.withLock { $0.doneTwice.map { "\($0) was done twice" } }
    }

    func step(worker number: Int) async throws {
        let store = stores[number % 2]
        let tenant = tenants.randomElement() ?? tenants[0]
        switch Int.random(in: 0..<100) {
        case 0..<14: try await makeJob(store, tenant)
        case 14..<34:
            let claims = try await store.claim(
                owner: StoreHarness.worker(number),
                slots: Int.random(in: 1...16),
                limit: Int.random(in: 1...16)
            )
            known.withLock { $0.claims += claims.joined() }
        case 34..<58: try await finishSome(store)
        case 58..<64:
            let some = known.withLock { known in known.claims.filter { _ in Bool.random() } }
            _ = try await store.heartbeat(claims: some.shuffled())
        case 64..<68:
            clock.advance(by: .seconds(Int.random(in: 1...40)))
            _ = try await store.rescueExpired()
        case 68..<70:
            let some = known.withLock { known in known.claims.filter { _ in Bool.random() } }
            _ = try await store.rescueExpired(sparing: some, lease: .seconds(60))
        case 70: _ = try await store.reclaim(previousRunsOf: "host", currentRun: "run2")
        case 71..<79: try await changeJob(store)
        case 79..<83: _ = try await store.expireJobs(imageLimit: Int.random(in: 1...50))
        case 83:
            // Tombstones go, too.
            clock.advance(by: JobExpiry.tombstoneLifetime)
            _ = try await store.expireJobs()
        case 84..<88: try await changeClasses(store, tenant)
        case 88..<91: try await changeKeys(store, tenant)
        case 91..<97: try await changeWebhooks(store, tenant)
        case 97: _ = try await store.endImpossibleWaits()
        default:
            _ = try await store.statistics()
        }
    }

    private func makeJob(_ store: PostgresStore, _ tenant: APIKeyID) async throws {
        let images = (1...Int.random(in: 1...12)).map { number in
            let size = Bool.random() ? 10 : 100_000
            return NewImage(
                label: labels.randomElement(),
                name: OutputName(numbered: number),
                content: .stored(
                    StoredBlob(sha256: blob("\(Int.random(in: 0..<500))"), size: UInt64(size))
                ),
                pixels: size / 4 + 1
            )
        }
        let key = "request \(Int.random(in: 0..<9))"
        let new = NewJob(
            tenant: tenant,
            settings: .standard,
            retention: Bool.random() ? .zero : .seconds(60),
            idempotency: Bool.random()
                ? nil : NewJob.Idempotency(key: key, fingerprint: blob(key))
        )
        if case .created(let job) = try await store.createJob(new, images: images) {
            known.withLock { $0.jobs.append((job.id, tenant)) }
        }
    }

    private func finishSome(_ store: PostgresStore) async throws {
        let some = known.withLock { known in
            known.claims.shuffle()
            let some = Array(known.claims.prefix(Int.random(in: 1...32)))
            known.claims.removeFirst(some.count)
            return some
        }
        let outcomes = some.map { claim -> (ClaimedImage, ImageOutcome) in
            switch Int.random(in: 0..<12) {
            case 0: (claim, .failed(broken))
            case 1: (claim, .retry(ioFault))
            case 2: (claim, .crashed(reason: "signal 11"))
            case 3: (claim, .released)
            default: (claim, done(claim))
            }
        }
        let counted = try await store.finish(outcomes)
        known.withLock { known in
            for ((claim, outcome), counts) in zip(outcomes, counted) where counts {
                guard case .done = outcome else { continue }
                let image = "\(claim.jobID) \(claim.number)"
                if known.done.updateValue(claim.token, forKey: image) != nil {
                    known.doneTwice.append(image)
                }
            }
        }
    }

    private func changeJob(_ store: PostgresStore) async throws {
        guard let job = known.withLock({ $0.jobs.randomElement() }) else { return }
        switch Int.random(in: 0..<4) {
        case 0: _ = try await store.cancelJob(job.id, tenant: job.tenant)
        case 1, 2: _ = try await store.retryJob(job.id, image: nil, tenant: job.tenant)
        default: _ = try await store.deleteJob(job.id, tenant: job.tenant)
        }
    }

    private func changeClasses(_ store: PostgresStore, _ tenant: APIKeyID) async throws {
        let label = labels.randomElement() ?? labels[0]
        let picture = StoredBlob(sha256: blob("picture \(Int.random(in: 0..<9))"), size: 9)
        switch Int.random(in: 0..<4) {
        case 0: _ = try await store.importSemanticImage(picture, tenant: tenant, label: label)
        case 1:
            let classes = labels.shuffled().prefix(2).map {
                ImportedClass(label: $0, pictures: [picture])
            }
            _ = try await store.importSemanticImages(classes, tenant: tenant)
        case 2: _ = try await store.removeImportedSemanticImages(tenant: tenant, label: label)
        default: _ = try await store.createClass(tenant: tenant, label: label, assignment: nil)
        }
    }

    private func changeKeys(_ store: PostgresStore, _ tenant: APIKeyID) async throws {
        switch Int.random(in: 0..<3) {
        case 0:
            var change = APIKeyChange()
            change.name = "key \(Int.random(in: 0..<9))"
            _ = try await store.updateKey(tenant, change)
        case 1:
            for key in try await store.keys() { store.noteUse(of: key) }
            try await store.saveKeyUses()
        default:
            let key = try await store.tenant()
            _ = try await store.revokeKey(key)
        }
    }

    private func changeWebhooks(_ store: PostgresStore, _ tenant: APIKeyID) async throws {
        switch Int.random(in: 0..<6) {
        case 0, 1:
            let secret = Array(repeating: UInt8(1), count: 32)
            _ = try await store.putWebhook("https://example.org/", secret: secret, of: tenant)
        case 2: _ = try await store.removeWebhook(of: tenant)
        case 3: _ = try await store.addTestMessage(of: tenant)
        case 4: try await store.forgetWebhookMessages()
        default:
            for due in try await store.dueWebhookMessages(limit: 3, sparing: []) {
                let status = [200, 500, 410].randomElement()
                let attempt = WebhookAttempt(
                    status: status,
                    nextAt: status == 500 ? clock.now + 1000 : nil
                )
                try await store.noteWebhookAttempt(attempt, of: due)
                _ = try await store.resendWebhookMessage(due.message.id, of: due.tenant)
            }
        }
    }
}
