import Foundation
import PostgresStore
import Queue
import SQLiteStore
import StoreHarness

/// A place for one store, and a clock that moves only when told; removed with its last reference.
///
/// All stores are held to all tests of this target by being opened here: one in SQLite, or one in
/// PostgreSQL if `PALIMPSEST_TEST_POSTGRES` names a database (`scripts/with-postgres`).
final class TestStore: Sendable {
    let clock = TestClock()
    private let place: Place

    private enum Place {
        case folder(String)
        case schema(PostgresLocation)
    }

    init() throws {
        if let database = ProcessInfo.processInfo.environment["PALIMPSEST_TEST_POSTGRES"] {
            let name = UUID().uuidString.lowercased().replacing("-", with: "")
            place = .schema(try PostgresLocation("\(database)&schema=test_\(name)"))
        } else {
            let folder = FileManager.default.temporaryDirectory.path + "/store-" + UUID().uuidString
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true
            )
            place = .folder(folder)
        }
    }

    deinit {
        switch place {
        case .folder(let folder): try? FileManager.default.removeItem(atPath: folder)
        case .schema(let location): try? PostgresStore.dropSchema(of: location)
        }
    }

    /// Opens the store over what the last one left.
    ///
    /// Called again, it stands for the next run after a kill: the store before is never closed.
    func open(generatorVersion: Int = 1) throws -> any Store {
        switch place {
        case .folder(let folder):
            try SQLiteStore(
                path: folder + "/palimpsest.sqlite",
                generatorVersion: generatorVersion,
                now: { [clock] in clock.now }
            )
        case .schema(let location):
            try PostgresStore(
                location,
                generatorVersion: generatorVersion,
                now: { [clock] in clock.now }
            )
        }
    }
}
