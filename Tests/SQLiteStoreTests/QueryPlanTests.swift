import GRDB
import JobModel
import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

@Suite struct QueryPlanTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `Claiming uses indexes, however much is queued`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        for _ in 0..<3 { try await store.job(tenant, sizes: Array(repeating: 1, count: 2000)) }
        let plan = try await plan(of: QueueTurns.keysSQL, ["now": 0], in: store)
        #expect(!plan.isEmpty)
        // Nothing is gone through row by row, and nothing is sorted.
        let indexes = ["USING INDEX images_in_turn", "USING INDEX images_running (tenant=?)"]
        let searches = plan.filter { $0.contains(" images ") }
        #expect(searches.count == 4, "\(plan)")
        #expect(
            searches.allSatisfy { search in indexes.contains { search.contains($0) } },
            "\(plan)"
        )
        #expect(
            !plan.contains { $0.contains("SCAN images") || $0.contains("TEMP B-TREE") },
            "\(plan)"
        )
    }

    private func plan(
        of sql: String,
        _ arguments: StatementArguments,
        in store: SQLiteStore
    ) async throws -> [String] {
        try await store.pool.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql, arguments: arguments).map {
                $0["detail"] as String
            }
        }
    }

    @Test
    func
        `Lists and statistics pass over expired jobs, and a job's failures are found among all its images`()
        async throws
    {
        let store = try test.open()
        for (sql, arguments, table, index) in [
            (SQLiteStore.jobsSQL, ["key", 9, 9], " jobs ", "jobs_kept (tenant=? AND seq<?)"),
            (SQLiteStore.countsSQL, [], " jobs ", "jobs_kept_by_state"),
            (SQLiteStore.oldestSQL, [], " jobs ", "jobs_unfinished"),
            (
                SQLiteStore.imagesSQL(in: [.failed, .quarantined]), ["job", 0, 9], " images ",
                "images_unprotected (job=? AND number>?)"
            ),
        ] as [(String, StatementArguments, String, String)] {
            let plan = try await plan(of: sql, arguments, in: store)
            let steps = plan.map { $0 + " " }.filter {
                $0.contains(table) && !$0.contains("(id=?)")
            }
            #expect(
                steps.count == 1 && steps.allSatisfy { $0.contains("USING INDEX \(index) ") },
                "\(plan)"
            )
            #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(plan)")
        }
    }
}
