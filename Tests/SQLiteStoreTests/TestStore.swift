import Foundation
import JobModel
import Migrations
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

/// A folder for databases, and a clock that goes only when told; removed with its last reference.
final class TestStore: Sendable {
    let folder: String
    let clock = TestClock()

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/job-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var path: String { folder + "/palimpsest.sqlite" }

    /// Opens the database; called again, it stands for the next run after a kill, for the one before is never closed.
    func open(
        migrations: [Migration] = Migrations.all,
        generatorVersion: Int = 1
    ) throws -> SQLiteStore {
        let clock = clock
        let machine = MachineClock { clock.now }
        return try SQLiteStore(
            path: path,
            generatorVersion: generatorVersion,
            migrations: migrations,
            machine: machine
        )
    }
}
