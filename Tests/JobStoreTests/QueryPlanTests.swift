import GRDB
import Testing

@testable import JobStore

@Suite struct QueryPlanTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test func `Claiming uses indexes, however much is queued`() async throws {
        let store = try test.open()
        let tenant = try await store.tenant()
        for _ in 0..<3 { try await store.job(tenant, sizes: Array(repeating: 1, count: 2000)) }
        let plan = try await store.read { db in
            try Row.fetchAll(
                db,
                sql: "EXPLAIN QUERY PLAN " + JobStore.headsSQL,
                arguments: ["now": 0]
            ).map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty)
        // Nothing is gone through row by row, and nothing is sorted.
        let indexes = ["USING INDEX images_in_turn", "USING INDEX images_running (tenant=?)"]
        let searches = plan.filter { $0.contains(" images ") }
        #expect(searches.count == 4, "\(plan)")
        #expect(searches.allSatisfy { search in indexes.contains { search.contains($0) } }, "\(plan)")
        #expect(!plan.contains { $0.contains("SCAN images") || $0.contains("TEMP B-TREE") }, "\(plan)")
        #expect(plan.filter { $0.contains(" head ") }.allSatisfy { $0.contains("INTEGER PRIMARY KEY") }, "\(plan)")
    }
}
