import Foundation
import JobModel
import Queue
import SQLStore
import StoreHarness
import Testing

@testable import PostgresStore

/// How the server carries out what the store sends, in large tables: nothing may go through all
/// images or jobs.
///
/// `make test-cluster` takes a million images, `make test` two hundred thousand.
///
/// The server's own `auto_explain` writes every plan to its log, those of triggers and references,
/// too.
@Suite(Server.isThere) struct PlanTests {
    /// Statements that go through a table, and why they may.
    private static let exceptions = [
        ("SELECT input_sha256 FROM images WHERE input_sha256 IS NOT NULL", "the sweep for orphans"),
        ("FROM jobs WHERE expired_at IS NULL GROUP BY state", "statistics count all jobs"),
    ]

    @Test func `Every statement on images, jobs or attachments uses an index`() async throws {
        let database = try Server.newDatabase()
        defer { try? Server.dropDatabase(database) }
        let location = try Server.location(schema: "palimpsest", database: database)
        let tenant = try await prepare(location, database)
        let log = Server.folder + "/server.log"
        let start = try FileManager.default.attributesOfItem(atPath: log)[.size] as? UInt64 ?? 0
        let store = try PostgresStore(location, generatorVersion: 1)
        try await Walk(store: store, tenant: tenant, database: database).walk()
        try store.close()
        let file = try #require(FileHandle(forReadingAtPath: log))
        try file.seek(toOffset: start)
        let plans = Plan.all(in: String(decoding: file.readDataToEndOfFile(), as: UTF8.self))
        let statements = Set(plans.filter { $0.tables.contains("images") }.map(\.statement))
        #expect(statements.count > 30, "few statements were seen: \(statements.count)")
        var complaints: Set<String> = []
        var excused: Set<String> = []
        for plan in plans where !plan.scanned.isDisjoint(with: ["images", "jobs", "attachments"]) {
            if let exception = Self.exceptions.first(where: { plan.statement.contains($0.0) }) {
                excused.insert(exception.1)
            } else {
                complaints.insert("goes through \(plan.scanned.sorted()): \(plan.statement)")
            }
        }
        #expect(complaints.isEmpty)
        #expect(excused.count == Self.exceptions.count, "an exception is not needed: \(excused)")
    }

    /// How many images each of the ten thousand jobs has.
    private static let images = Server.isThorough ? 100 : 20

    /// Makes a database with many images, most of them done, and has it explain its plans.
    private func prepare(_ location: PostgresLocation, _ database: String) async throws -> APIKeyID
    {
        let store = try PostgresStore(location, generatorVersion: 1)
        var tenants: [APIKeyID] = []
        for _ in 0..<20 { tenants.append(try await store.tenant()) }
        for tenant in tenants {
            try await store.job(tenant, sizes: [1])
        }
        try store.close()
        try Server.psql(Self.filling, database: database)
        try Server.psql(
            """
            ALTER DATABASE \(database) SET session_preload_libraries = 'auto_explain';
            ALTER DATABASE \(database) SET auto_explain.log_min_duration = 0;
            ALTER DATABASE \(database) SET auto_explain.log_nested_statements = on;
            ALTER DATABASE \(database) SET auto_explain.log_format = 'json';
            ALTER DATABASE \(database) SET auto_explain.log_analyze = on;
            """
        )
        return tenants[0]
    }

    /// Ten thousand jobs: 9,800 are done, the others wait.
    private static let filling = """
        SET search_path TO palimpsest; SET synchronous_commit = off;
        -- Triggers and references would take minutes, and so would indexes that grow.
        SET session_replication_role = replica;
        CREATE TEMP TABLE definitions AS SELECT indexname, indexdef FROM pg_indexes
            WHERE schemaname = 'palimpsest' AND tablename = 'images'
            AND indexname NOT IN (SELECT conname FROM pg_constraint);
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT indexname FROM definitions LOOP
                EXECUTE 'DROP INDEX ' || quote_ident(name);
            END LOOP;
        END $$;
        INSERT INTO jobs (id, tenant, state, settings, turn, pixels, queued_count, running_count,
            done_count, failed_count, quarantined_count, cancelled_count, done_endings,
            retention_ms, created_at, started_at, finished_at, expires_at)
        SELECT 'job_' || left(md5(n::text), 26), keys.id,
            CASE WHEN n <= 9800 THEN 'done' ELSE 'queued' END,
            (SELECT settings FROM jobs LIMIT 1), n,
            100, CASE WHEN n <= 9800 THEN 0 ELSE \(images) END, 0,
            CASE WHEN n <= 9800 THEN \(images) ELSE 0 END,
            0, 0, 0, CASE WHEN n <= 9800 THEN \(images) ELSE 0 END, 3600000, n,
            CASE WHEN n <= 9800 THEN n END, CASE WHEN n <= 9800 THEN n END,
            CASE WHEN n <= 9800 THEN 9000000000000 END
        FROM generate_series(1, 10000) AS n
            JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM api_keys) AS keys
            ON place = n % 20;
        INSERT INTO job_classes (job, label) SELECT seq, 'cats' FROM jobs WHERE seq > 20;
        INSERT INTO images (job, number, tenant, turn, pixels, label, name, state, input_sha256,
            input_size, available_at, attempt, output_sha256, output_size, output_crc32, report,
            started_at, finished_at, ending)
        SELECT seq, n, tenant, turn, 100000, 'cats', n::text,
            CASE WHEN finished_at > 0 THEN 'done' ELSE 'queued' END,
            sha256(int8send(seq * 100 + n)), 100000, created_at, 1,
            CASE WHEN finished_at > 0 THEN sha256(int8send(-seq * 100 - n)) END, 1000, 1,
            CASE WHEN finished_at > 0 THEN '{}' END, started_at, finished_at,
            CASE WHEN finished_at > 0 THEN n END
        FROM jobs CROSS JOIN generate_series(1, \(images)) AS n WHERE seq > 20;
        INSERT INTO attachments (image, kind, sha256, size, crc32)
        SELECT id, 'recovery', input_sha256, 1000, 1 FROM images WHERE number <= 10;
        DO $$ DECLARE definition text; BEGIN
            FOR definition IN SELECT indexdef FROM definitions LOOP EXECUTE definition; END LOOP;
        END $$;
        ANALYZE;
        """
}

/// A plan of a statement, as `auto_explain` writes it.
private struct Plan {
    let statement: String
    /// The tables that it names.
    private(set) var tables: Set<String> = []
    /// The tables of which it looks at many rows, by whatever way.
    private(set) var scanned: Set<String> = []
    /// There are ten thousand jobs, and more of everything else.
    private static let many = 5_000

    /// Reads the plans of a log.
    static func all(in log: String) -> [Plan] {
        var plans: [Plan] = []
        var lines: [Substring]?
        for line in log.split(separator: "\n") {
            if line.first == "\t" {
                lines?.append(line)
                continue
            }
            if let text = lines?.joined(separator: "\n"), let plan = Plan(text) {
                plans.append(plan)
            }
            lines = line.hasSuffix(" plan:") ? [] : nil
        }
        if let text = lines?.joined(separator: "\n"), let plan = Plan(text) { plans.append(plan) }
        return plans
    }

    private init?(_ json: String) {
        let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        guard let object, let statement = object["Query Text"] as? String,
            let root = object["Plan"] as? [String: Any]
        else { return nil }
        self.statement = statement.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        add(root)
    }

    private mutating func add(_ node: [String: Any]) {
        if let table = node["Relation Name"] as? String {
            tables.insert(table)
            let counts = ["Actual Rows", "Rows Removed by Filter"]
            let rows = counts.reduce(0) { $0 + (node[$1] as? Int ?? 0) }
            if rows * (node["Actual Loops"] as? Int ?? 1) > Self.many { scanned.insert(table) }
        }
        for child in node["Plans"] as? [[String: Any]] ?? [] { add(child) }
    }
}

/// Does with a store everything that can be done with one.
private struct Walk {
    let store: PostgresStore
    let tenant: APIKeyID
    let database: String

    func walk() async throws {
        let job = try await jobs()
        try await claims(job)
        try await reads(job)
        try await classes()
        try await keysAndWebhooks()
        try await upkeep()
    }

    private func jobs() async throws -> Job {
        let idempotency = NewJob.Idempotency(key: "key", fingerprint: blob("request"))
        let job = try await store.job(
            tenant,
            sizes: [1, 2, 3, 100_000],
            priority: .high,
            idempotency: idempotency
        )
        _ = try await store.createJob(
            NewJob(
                tenant: tenant,
                settings: .standard,
                retention: .zero,
                idempotency: idempotency
            ),
            images: [
                NewImage(
                    label: try ClassLabel("cats"),
                    name: OutputName(numbered: 1),
                    content: .stored(StoredBlob(sha256: blob("x"), size: 1)),
                    pixels: 1
                )
            ]
        )
        let cancelled = try await store.job(tenant, sizes: [1, 2])
        _ = try await store.cancelJob(cancelled.id, tenant: tenant)
        _ = try await store.deleteJob(cancelled.id, tenant: tenant)
        return job
    }

    private func claims(_ job: Job) async throws {
        let claims = try await store.claim(owner: worker(), slots: 40, limit: 64).flatMap(\.self)
        #expect(claims.count >= 40)
        _ = try await store.heartbeat(claims: claims)
        let outcomes = claims.enumerated().map { place, claim -> (ClaimedImage, ImageOutcome) in
            switch place % 6 {
            case 0: (claim, .failed(broken))
            case 1: (claim, .retry(ioFault))
            case 2: (claim, .crashed(reason: "signal 11"))
            case 3: (claim, .released)
            default: (claim, done(claim))
            }
        }
        _ = try await store.finish(outcomes)
        _ = try await store.finish(outcomes)
        // A plan for all values comes after five for some.
        for _ in 0..<9 {
            let more = try await store.claim(owner: worker(), slots: 16).flatMap(\.self)
            _ = try await store.heartbeat(claims: more)
            _ = try await store.finish(more.map { ($0, .released) })
        }
        _ = try await store.rescueExpired(sparing: claims, lease: .seconds(60))
        _ = try await store.reclaim(previousRunsOf: "host", currentRun: nil)
        _ = try await store.endImpossibleWaits()
        try await store.waitForWork(after: store.workMark, atMost: .milliseconds(1))
        _ = try await store.retryJob(job.id, image: nil, tenant: tenant)
        _ = try await store.retryJob(job.id, image: 1, tenant: tenant)
    }

    private func reads(_ job: Job) async throws {
        _ = try await store.hasRequest("key", tenant: tenant)
        _ = try await store.queuedImages(tenant: tenant)
        _ = try await store.job(job.id, tenant: tenant)
        let page = try await store.jobs(tenant: tenant, cursor: nil, limit: 20)
        _ = try await store.jobs(tenant: tenant, cursor: page.nextCursor, limit: 20)
        for states in [Set(ImageState.allCases), [.done], [.failed, .quarantined]] {
            _ = try await store.images(job: job.id, states: states, after: 1, limit: 9)
        }
        _ = try await store.image(job: job.id, number: 1)
        _ = try await store.attachments(job: job.id, number: nil)
        _ = try await store.attachments(job: job.id, number: 1)
        _ = try await store.progress(of: job.id, tenant: tenant, after: 0, limit: 100)
        _ = try await store.watch(job.id, tenant: tenant)
        _ = try await store.unfinishedWork()
        _ = try await store.statistics()
    }

    private func classes() async throws {
        let label = try ClassLabel("dogs")
        let pictures = [StoredBlob(sha256: blob("picture"), size: 9)]
        _ = try await store.createClass(tenant: tenant, label: label, assignment: nil)
        for _ in 0..<2 {
            let imported = ImportedClass(label: label, pictures: pictures)
            _ = try await store.importSemanticImages([imported], tenant: tenant)
            _ = try await store.importSemanticImage(pictures[0], tenant: tenant, label: label)
            try await store.job(tenant, sizes: [1], label: "dogs", priority: .high)
        }
        _ = try await store.claim(owner: worker(), slots: 40)
        _ = try await store.importedSemanticImage(tenant: tenant, label: label)
        _ = try await store.ownedClass(tenant: tenant, label: label)
        _ = try await store.classes()
        _ = try await store.classes(tenant: tenant, cursor: nil, limit: 9)
        _ = try await store.removeImportedSemanticImages(tenant: tenant, label: label)
    }

    private func keysAndWebhooks() async throws {
        for key in try await store.keys() { store.noteUse(of: key) }
        try await store.saveKeyUses()
        _ = try await store.keys(cursor: nil, limit: 9)
        var change = APIKeyChange()
        change.name = "other"
        _ = try await store.updateKey(tenant, change)
        try await store.revokeKey(try await store.tenant())
        let secret = Array(repeating: UInt8(1), count: 32)
        _ = try await store.putWebhook("https://example.org/", secret: secret, of: tenant)
        _ = try await store.addTestMessage(of: tenant)
        for due in try await store.dueWebhookMessages(limit: 3, sparing: []) {
            try await store.noteWebhookAttempt(WebhookAttempt(status: 200), of: due)
        }
        _ = try await store.webhookMessages(of: tenant, cursor: nil, limit: 9)
        try await store.forgetWebhookMessages()
        _ = try await store.removeWebhook(of: tenant)
    }

    private func upkeep() async throws {
        try await store.check()
        try await store.checkWrites()
        let blobs = (0..<3).map { blob("\($0)") }
        try await store.withUnreferenced(among: blobs) { _ in }
        _ = try await store.referencedBlobs()
        // Some finished jobs are due, and then long gone.
        let silent = "SET auto_explain.log_min_duration = -1;"
        try Server.psql(
            """
            \(silent) UPDATE palimpsest.jobs SET expires_at = 1
            WHERE seq % 40 = 1 AND finished_at > 0
            """,
            database: database
        )
        let expiry = try await store.expireJobs(imageLimit: 500, sparing: [])
        #expect(expiry.jobs == 100 && expiry.images == 500)
        try Server.psql(
            "\(silent) UPDATE palimpsest.jobs SET expired_at = 1 WHERE expired_at IS NOT NULL",
            database: database
        )
        _ = try await store.expireJobs(imageLimit: 500, sparing: [])
    }
}
