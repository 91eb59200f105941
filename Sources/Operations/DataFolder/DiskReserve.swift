public import Logging
public import POSIX
public import Queue
import Synchronization

/// Disk space that is reserved for erasing, as a file of no meaning that shrinks when the disk is
/// full.
///
/// To erase anything, the database must write first, so on a full disk nobody could make room. The
/// reserve provides that room, and is refilled after something was erased. Until then its missing
/// bytes do not count as free, so that no upload and no worker takes them.
public final class DiskReserve: Sendable {
    /// The name of the file in the data folder.
    static let fileName = "reserve"
    /// The most that is reserved: what erasing the largest job writes.
    private static let largest: UInt64 = 32 << 20
    private static let smallest: UInt64 = 1 << 20
    /// Within the bounds above, the reserve is the disk's size divided by this.
    private static let share: UInt64 = 32

    /// The bytes of one step; `erasing` releases 1 step, then 2, then 4, and so on.
    private static let step: UInt64 = 1 << 20

    private let path: String
    /// The size of the full reserve in bytes.
    let size: UInt64
    private let kept = Mutex<UInt64>(0)

    /// Creates the reserve of a data folder; ``restore(on:logger:)`` creates its file.
    ///
    /// - Parameters:
    ///   - folder: The data folder.
    ///   - diskSize: The size of its disk in bytes.
    public init(folder: String, diskSize: UInt64) {
        path = "\(folder)/\(Self.fileName)"
        size = min(max(diskSize / Self.share, Self.smallest), Self.largest)
    }

    /// How many bytes the reserve lacks.
    public var missingBytes: UInt64 { kept.withLock { size - $0 } }

    // MARK: - Releasing and restoring

    /// Releases one step of a folder's reserve, blocking on the disk.
    ///
    /// - Returns: Whether there was anything to release.
    static func release(in folder: String) -> Bool {
        let path = "\(folder)/\(fileName)"
        do throws(SystemError) {
            let size = try FileStatus(of: path).size
            guard size > 0 else { return false }
            try FileSystem.truncate(path, to: size - min(size, step))
            return true
        } catch {
            return false
        }
    }

    /// Releases a number of steps, blocking on the disk.
    ///
    /// Release no more than necessary, because others who fill the disk take it.
    ///
    /// - Returns: Whether there was anything to release.
    func release(steps: UInt64) -> Bool {
        kept.withLock { kept in
            guard kept > 0 else { return false }
            kept -= min(kept, steps * Self.step)
            return (try? FileSystem.truncate(path, to: kept)) != nil
        }
    }

    /// Refills the file if the disk has room for the missing bytes plus the size of the full
    /// reserve.
    public func restore(on disk: BlockingExecutor, logger: Logger) async {
        guard missingBytes > 0 else { return }
        let isRestored = await disk.run { self.fill() }
        if isRestored {
            logger.info(
                "reserved disk space for erasing",
                metadata: ["bytes": .stringConvertible(size)]
            )
        }
    }

    private func fill() -> Bool {
        kept.withLock { kept in
            guard kept < size else { return false }
            do throws(SystemError) {
                let file = try FileDescriptor(opening: path, for: .writing, .create)
                let status = try file.status()
                let free = try DiskSpace(of: file).free
                // A sparse file reserves nothing.
                let isSolid = status.allocatedBytes >= status.size
                kept = isSolid ? min(status.size, size) : 0
                guard kept == size || free >= size * 2 - kept else { return false }
                guard fill(file) else {
                    try? file.truncate(to: kept)
                    return false
                }
            } catch {
                return false
            }
            kept = size
            return true
        }
    }

    /// Allocates the whole file; returns `false` if the disk has no room for it.
    private func fill(_ file: borrowing FileDescriptor) -> Bool {
        do throws(SystemError) {
            try file.allocate(size)
            try file.truncate(to: size)
            return true
        } catch {
            return false
        }
    }
}

extension Optional<DiskReserve> {
    /// Runs a body that erases, and repeats it with more room if the database could not write.
    ///
    /// It first checkpoints the write-ahead log, which can then restart. Then it releases more and
    /// more of the reserve.
    ///
    /// - Throws: What the body throws when the reserve is used up; without a reserve at once.
    public func erasing<Value: Sendable>(
        in store: any StoreUpkeep,
        on disk: BlockingExecutor,
        _ logger: Logger,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        var steps: UInt64 = 0
        while true {
            do {
                return try await body()
            } catch let error as StoreError where error.isDiskFailure {
                guard let self else { throw error }
                if steps == 0 {
                    logger.warning(
                        "the disk is full, so the reserve is used to make room",
                        metadata: ["error": "\(error)"]
                    )
                } else {
                    let given = steps
                    guard await disk.run({ self.release(steps: given) }) else { throw error }
                }
                steps = Swift.max(steps * 2, 1)
                await store.tidy()
            }
        }
    }
}
