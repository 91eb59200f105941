import ArgumentParser
import Foundation
import JobModel
import PostgresStore
import Queue
import SQLiteStore
import StoreHarness

/// Claims and finishes images without any work between, and prints how many a second as JSON.
@main
struct StoreBenchmark: AsyncParsableCommand {
    @Option(help: "A file of SQLite, or the URL of a PostgreSQL database.")
    var database: String

    @Option(help: "How many claim at once; in PostgreSQL each has a store of its own.")
    var workers = 1

    @Option(help: "How many keys' jobs wait.")
    var keys = 1

    @Option(help: "How many images wait.")
    var images = 10_000

    @Option(help: "How many images one claim takes: of large ones.")
    var slots = 16

    @Flag(help: "Small images, up to 64 for each slot.")
    var small = false

    @Option(help: "The longest to measure, in seconds.")
    var seconds = 5.0

    func run() async throws {
        let stores = try open()
        try await fill(stores[0])
        let end = ContinuousClock.now + .seconds(seconds)
        let start = ContinuousClock.now
        let done = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<workers {
                let store = stores[number % stores.count]
                group.addTask {
                    var done = 0
                    while ContinuousClock.now < end {
                        let claims = try await store.claim(
                            owner: worker(number),
                            lease: .seconds(60),
                            slots: slots,
                            limit: ClaimedImage.maxTogether
                        ).flatMap(\.self)
                        guard !claims.isEmpty else { break }
                        let counted = try await store.finish(
                            claims.map { ($0, StoreHarness.done($0)) }
                        )
                        done += counted.count { $0 }
                    }
                    return done
                }
            }
            return try await group.reduce(0, +)
        }
        let duration = ContinuousClock.now - start
        for store in stores { try store.close() }
        let rate = Double(done) / (duration / .seconds(1))
        print("{\"images\": \(done), \"per_second\": \(Int(rate.rounded()))}")
    }

    private func open() throws -> [any Store] {
        if database.hasPrefix("postgres") {
            let location = try PostgresLocation(database)
            return try (0..<workers).map { _ in
                try PostgresStore(location, generatorVersion: 1, connections: 2)
            }
        }
        let now: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
        return [try SQLiteStore(path: database, generatorVersion: 1, now: now)]
    }

    /// Makes jobs of at most a thousand images, in turn for each key.
    private func fill(_ store: any Store) async throws {
        var tenants: [APIKeyID] = []
        for _ in 0..<keys { tenants.append(try await store.tenant()) }
        let size: UInt64 = small ? 10_000 : 2_000_000
        let jobSize = min(1000, max(images / keys, 1))
        for number in 0..<(images / jobSize) {
            let sizes = Array(repeating: size, count: jobSize)
            _ = try await store.job(tenants[number % keys], sizes: sizes, label: "job-\(number)")
        }
    }
}
