import Glibc
import JobStore
import Logging
import Synchronization

/// Room on the disk that is kept for erasing: a file without meaning, given up when the disk is
/// full.
///
/// To erase something the database has to write first. Without room nobody could make room, so this
/// file has some; once something was erased it is made anew. Until then what it lacks does not
/// count as free, so that no upload and no worker takes it.
final class DiskReserve: Sendable {
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
    init(folder: String, diskSize: UInt64) {
        path = "\(folder)/\(Self.fileName)"
        size = min(max(diskSize / Self.share, Self.smallest), Self.largest)
    }

    /// How many bytes are to be kept and are not.
    var missingBytes: UInt64 { kept.withLock { size - $0 } }

    // MARK: - Giving up and making anew

    /// Gives up a part of a folder's reserve, blocking on the disk.
    ///
    /// - Returns: Whether there was any.
    static func release(in folder: String) -> Bool {
        let path = "\(folder)/\(fileName)"
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else { return false }
        return truncate(path, max(status.st_size - off_t(step), 0)) == 0
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
            return truncate(path, off_t(kept)) == 0
        }
    }

    /// Makes the file whole if the disk has room for what it lacks, and as much again as all of it.
    func restore(on disk: DiskQueues, logger: Logger) async {
        guard missingBytes > 0 else { return }
        let isRestored = (try? await disk.run { self.fill() }) ?? false
        if isRestored { logger.info("room is kept on the disk for erasing", metadata: ["bytes": "\(size)"]) }
    }

    private func fill() -> Bool {
        kept.withLock { kept in
            guard kept < size else { return false }
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            var file = stat()
            var disk = statvfs()
            guard fstat(descriptor, &file) == 0, fstatvfs(descriptor, &disk) == 0 else { return false }
            // Of a file with holes nothing is kept.
            let isSolid = Int64(file.st_blocks) * 512 >= Int64(file.st_size)
            kept = isSolid ? min(UInt64(clamping: file.st_size), size) : 0
            let free = UInt64(disk.f_bavail) * UInt64(disk.f_frsize)
            guard kept == size || free >= size * 2 - kept else { return false }
            guard posix_fallocate(descriptor, 0, off_t(size)) == 0, ftruncate(descriptor, off_t(size)) == 0 else {
                ftruncate(descriptor, off_t(kept))
                return false
            }
            kept = size
            return true
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
    func erasing<Value: Sendable>(
        in store: JobStore,
        on disk: DiskQueues,
        _ logger: Logger,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        var steps: UInt64 = 0
        while true {
            do {
                return try await body()
            } catch let error as JobStoreError where error.isOfWriting {
                guard let self else { throw error }
                if steps == 0 {
                    logger.warning("the disk is full, so its reserve is used to erase", metadata: ["error": "\(error)"])
                } else {
                    let given = steps
                    guard try await disk.run({ self.release(steps: given) }) else { throw error }
                }
                steps = Swift.max(steps * 2, 1)
                await store.foldLog()
            }
        }
    }
}
