public import Logging
public import POSIX
public import Queue
import Synchronization

/// Room on the disk that is kept for erasing: a file without meaning, given up when the disk is
/// full.
///
/// To erase something the database has to write first. Without room nobody could make room, so this
/// file has some; once something was erased it is made anew. Until then what it lacks does not
/// count as free, so that no upload and no worker takes it.
public final class DiskReserve: Sendable {
    /// The file's name in the data folder.
    static let fileName = "reserve"
    /// What the erasure of the largest job writes.
    private static let largest: UInt64 = 32 << 20
    private static let smallest: UInt64 = 1 << 20
    /// At most this part of a disk.
    private static let share: UInt64 = 32

    /// What is given up first, and twice as much each further time.
    private static let step: UInt64 = 1 << 20

    private let path: String
    /// How many bytes are to be kept.
    let size: UInt64
    private let kept = Mutex<UInt64>(0)

    /// Describes the reserve of a data folder; ``restore(on:logger:)`` makes it.
    ///
    /// - Parameters:
    ///   - folder: The data folder.
    ///   - diskSize: The bytes of its disk.
    public init(folder: String, diskSize: UInt64) {
        path = "\(folder)/\(Self.fileName)"
        size = min(max(diskSize / Self.share, Self.smallest), Self.largest)
    }

    /// How many bytes are to be kept and are not.
    public var missingBytes: UInt64 { kept.withLock { size - $0 } }

    // MARK: - Giving up and making anew

    /// Gives up a part of a folder's reserve, blocking on the disk.
    ///
    /// - Returns: Whether there was any.
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

    /// Gives up so many steps, blocking on the disk.
    ///
    /// No more than is needed, since others who fill the disk take it.
    ///
    /// - Returns: Whether there was any.
    func release(steps: UInt64) -> Bool {
        kept.withLock { kept in
            guard kept > 0 else { return false }
            kept -= min(kept, steps * Self.step)
            return (try? FileSystem.truncate(path, to: kept)) != nil
        }
    }

    /// Makes the file whole if the disk has room for what it lacks, and as much again as all of it.
    public func restore(on disk: BlockingExecutor, logger: Logger) async {
        guard missingBytes > 0 else { return }
        let isRestored = await disk.run { self.fill() }
        if isRestored {
            logger.info("room is kept on the disk for erasing", metadata: ["bytes": "\(size)"])
        }
    }

    private func fill() -> Bool {
        kept.withLock { kept in
            guard kept < size else { return false }
            do throws(SystemError) {
                let file = try FileDescriptor(opening: path, for: .writing, .create)
                let status = try file.status()
                let free = try DiskSpace(of: file).free
                // Of a file with holes nothing is kept.
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

    /// Whether the disk has room for all of the file.
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
    /// Runs something that erases, and again with room made for it if the database had none.
    ///
    /// First the database's log is folded, which may then be written from its beginning; then more
    /// and more of the reserve is given up.
    ///
    /// - Throws: What the body throws with all of that.
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
            } catch let error as StoreError where error.isOfWriting {
                guard let self else { throw error }
                if steps == 0 {
                    logger.warning(
                        "the disk is full, so its reserve is used to erase",
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
