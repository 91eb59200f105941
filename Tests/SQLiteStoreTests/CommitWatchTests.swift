import GRDB
import Testing

@testable import SQLiteStore

@Suite struct CommitWatchTests {
    let test: TestStore

    init() throws { test = try TestStore() }

    @Test(
        "Every commit changes the number, and nothing else does, read from memory or asked for",
        arguments: [true, false]
    )
    func commits(readsMemory: Bool) async throws {
        let store = try test.open()
        let watch = try CommitWatch(path: test.path, readsMemory: readsMemory)
        #expect(watch.readsMemory == readsMemory)
        // A connection of another kind, as another process has one.
        let other = try DatabaseQueue(path: test.path)
        var last = try watch.commits()
        #expect(try watch.commits() == last)
        for round in 0..<20 {
            try await other.write { try $0.execute(sql: "PRAGMA user_version = \(round + 1)") }
            let next = try watch.commits()
            #expect(next != last)
            #expect(try watch.commits() == next)
            last = next
            _ = try await other.read { try Int.fetchOne($0, sql: "PRAGMA user_version") }
            try? await other.write { db in
                try db.execute(sql: "PRAGMA user_version = 0")
                throw CancellationError()
            }
            #expect(try watch.commits() == last)
        }
        // The log begins anew behind a checkpoint.
        _ = try await store.pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        last = try watch.commits()
        try await other.write { try $0.execute(sql: "PRAGMA user_version = 99") }
        #expect(try watch.commits() != last)
        try watch.close()
        try other.close()
    }
}
