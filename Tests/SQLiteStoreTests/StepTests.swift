import GRDB
import JobModel
import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

@Suite struct StepTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    /// Every column that a state demands.
    private func columns(_ state: ImageState) -> String {
        let hash = "zeroblob(32)"
        return switch state {
        case .queued, .cancelled:
            "lease_owner = NULL, lease_until = NULL, output_sha256 = NULL, report = NULL, failure_code = NULL"
        case .running:
            "lease_owner = 'a/b/0', lease_until = 1, output_sha256 = NULL, report = NULL, failure_code = NULL"
        case .done:
            "lease_owner = NULL, lease_until = NULL, output_sha256 = \(hash), report = '{}', failure_code = NULL"
        case .failed, .quarantined:
            "lease_owner = NULL, lease_until = NULL, output_sha256 = NULL, report = NULL, failure_code = 'x'"
        }
    }

    @Test
    func `The database itself refuses every step that is not drawn, and takes every one that is`()
        async throws
    {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [1])
        for old in ImageState.allCases {
            for new in ImageState.allCases {
                let isTaken = try await store.pool.write { [self] db in
                    // The trigger is put aside to bring the image to the state where the step begins.
                    let trigger = try #require(
                        try String.fetchOne(
                            db,
                            sql:
                                "SELECT sql FROM sqlite_schema WHERE name = 'images_take_legal_steps'"
                        )
                    )
                    try db.execute(sql: "DROP TRIGGER images_take_legal_steps")
                    try db.execute(
                        sql: "UPDATE images SET state = '\(old.rawValue)', \(columns(old))"
                    )
                    try db.execute(sql: trigger)
                    do {
                        try db.execute(
                            sql: "UPDATE images SET state = '\(new.rawValue)', \(columns(new))"
                        )
                        return true
                    } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT
                    {
                        #expect(error.message == "an image cannot take this step")
                        return false
                    }
                }
                #expect(
                    isTaken == (old == new || old.canBecome(new)),
                    "\(old.rawValue) to \(new.rawValue)"
                )
            }
        }
    }

    @Test func `An image that is not in the state that was read is not written`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        let job = try await store.job(tenant, sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        await #expect(throws: StoreError.corrupt("an image is not in the state that was read")) {
            try await store.write { db in
                let claimed = try HeldImage.fetch(db, [claim])
                guard case .held(let image)? = claimed.first else {
                    throw StoreError.corrupt("the claim is not held")
                }
                var ledger = JobLedger()
                let first = try store.write(image, .refused(broken), now: 1)
                #expect(first.transition.new == .failed)
                try store.take(db, [(image, first)], &ledger)
                let second = try store.write(image, .released, now: 1)
                try store.take(db, [(image, second)], &ledger)
            }
        }
        #expect(
            try await store.job(job.id, tenant: tenant)?.counts == JobCounts(running: 1),
            "nothing of it is left"
        )
    }

    @Test func `Counts that contradict the images stop the write`() async throws {
        let store = try test.open()
        try await store.job(store.tenant(), sizes: [1])
        let claim = try #require(try await store.claim(owner: worker()).first)
        try await store.pool.write { db in
            try db.execute(sql: "UPDATE jobs SET running_count = 0, queued_count = 1")
        }
        await #expect(throws: StoreError.corrupt("the counts of a job are wrong")) {
            try await store.finish(claim, done(claim))
        }
        #expect(try await store.image(job: claim.jobID, number: 1)?.state == .running)
    }
}
