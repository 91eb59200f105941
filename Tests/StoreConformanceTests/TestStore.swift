import Foundation
import Queue
import SQLiteStore
import StoreHarness

/// A place for one store, and a clock that moves only when told; removed with its last reference.
///
/// A second implementation of ``Store`` is held to all tests of this target by being opened here.
final class TestStore: Sendable {
    let clock = TestClock()
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Opens the store over what the last one left.
    ///
    /// Called again, it stands for the next run after a kill: the store before is never closed.
    func open(generatorVersion: Int = 1) throws -> any Store {
        try SQLiteStore(
            path: folder + "/palimpsest.sqlite",
            generatorVersion: generatorVersion,
            now: { [clock] in clock.now }
        )
    }
}
