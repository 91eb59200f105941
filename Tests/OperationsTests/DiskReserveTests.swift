import FoundationEssentials
import Logging
import Queue
import Synchronization
import Testing

@testable import Operations

@Suite("Room kept for erasing")
struct DiskReserveTests {
    private static let megabyte: UInt64 = 1 << 20
    private static let full = StoreError.disk("database or disk is full")

    private func size(_ fixture: ServedFolder) -> UInt64? {
        let attributes = try? FileManager.default.attributesOfItem(
            atPath: "\(fixture.folder)/reserve"
        )
        return attributes?[.size] as? UInt64
    }

    @Test(
        "It is a part of the disk, neither tiny nor large",
        arguments: [
            (0, 1), (32, 1), (100, 3), (160, 5), (1024, 32), (1 << 20, 32),
        ] as [(UInt64, UInt64)]
    )
    func sizes(disk: UInt64, reserve: UInt64) {
        let size = DiskReserve(folder: "/", diskSize: disk * Self.megabyte).size
        #expect(size / Self.megabyte == reserve)
    }

    @Test("It is made once there is room, given up by steps, and made whole again")
    func life() async throws {
        let fixture = try await ServedFolder()
        let reserve = DiskReserve(folder: fixture.folder, diskSize: 160 * Self.megabyte)
        #expect(reserve.missingBytes == 5 * Self.megabyte && !reserve.release(steps: 1))
        await reserve.restore(on: fixture.disk, logger: fixture.logger)
        #expect(reserve.missingBytes == 0 && size(fixture) == 5 * Self.megabyte)
        #expect(reserve.release(steps: 2))
        #expect(reserve.missingBytes == 2 * Self.megabyte && size(fixture) == 3 * Self.megabyte)
        // The next run finds what is left.
        let next = DiskReserve(folder: fixture.folder, diskSize: 160 * Self.megabyte)
        await next.restore(on: fixture.disk, logger: fixture.logger)
        #expect(next.missingBytes == 0 && size(fixture) == 5 * Self.megabyte)
        #expect(next.release(steps: 100) && !next.release(steps: 1))
        #expect(size(fixture) == 0)
        #expect(!DiskReserve.release(in: fixture.folder))
    }

    @Test(
        "Erasing is tried with a folded log, then with more and more room, and its last error is told"
    )
    func erasing() async throws {
        let fixture = try await ServedFolder()
        let (disk, logger) = (fixture.disk, fixture.logger)
        let reserve: DiskReserve? = DiskReserve(
            folder: fixture.folder,
            diskSize: 160 * Self.megabyte
        )
        await reserve?.restore(on: disk, logger: logger)
        func tries(untilMissing bytes: UInt64) async throws -> Int {
            let count = Mutex(0)
            return try await reserve.erasing(in: fixture.store, on: disk, logger) {
                let number = count.withLock { count in
                    count += 1
                    return count
                }
                guard number > 1, (reserve?.missingBytes ?? 0) >= bytes else { throw Self.full }
                return number
            }
        }
        // The log alone.
        #expect(try await tries(untilMissing: 0) == 2)
        #expect(reserve?.missingBytes == 0)
        #expect(try await tries(untilMissing: Self.megabyte) == 3)
        #expect(reserve?.missingBytes == Self.megabyte)
        #expect(try await tries(untilMissing: 4 * Self.megabyte) == 4)
        await #expect(throws: Self.full) { _ = try await tries(untilMissing: 6 * Self.megabyte) }
        // What is no fault of the disk uses nothing.
        await reserve?.restore(on: disk, logger: logger)
        await #expect(throws: StoreError.busy) {
            _ = try await reserve.erasing(in: fixture.store, on: disk, logger) {
                () async throws -> Int in
                throw StoreError.busy
            }
        }
        #expect(reserve?.missingBytes == 0)
    }
}
