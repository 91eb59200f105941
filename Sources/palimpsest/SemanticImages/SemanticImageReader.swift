import CodecHost
import Cryptography
import JobModel
import POSIX
import Synchronization

/// Converts picture files to semantic images in codec processes, several at a time.
struct SemanticImageReader: Sendable {
    let codecs: CodecPool
    private let disk: BlockingExecutor

    init(codecs: CodecPool) {
        self.codecs = codecs
        disk = BlockingExecutor(label: "palimpsest.semantic-images", width: codecs.count + 1)
    }

    /// Reads and converts each file once.
    ///
    /// After an error, the files behind it may not have been read.
    ///
    /// - Parameters:
    ///   - files: The files.
    ///   - keep: Takes a semantic image and the index of its file in `files`. It may block, and it
    ///     is called from several threads in any order.
    /// - Throws: ``CommandFault`` for the first file that cannot be used, or if no codec process is
    ///   available; any error that `keep` throws.
    func read(
        _ files: [SemanticImageFolder.File],
        keep: @escaping @Sendable (Int, HashedBytes) throws -> Void
    ) async throws {
        let queue = FileQueue(count: files.count)
        await withDiscardingTaskGroup { group in
            // One task more than processes: while one file is converted, another can be read or
            // stored.
            for _ in 0...codecs.count {
                group.addTask {
                    while let place = queue.next() {
                        do {
                            let made = try await semanticImage(of: files[place])
                            try await disk.run { try keep(place, made) }
                        } catch {
                            queue.note(error, at: place)
                        }
                    }
                }
            }
        }
        if let fault = queue.firstFault { throw fault }
    }

    private func semanticImage(of file: SemanticImageFolder.File) async throws -> HashedBytes {
        do {
            switch try await codecs.importPicture(reading: { [disk] in
                try await Self.read(file, on: disk)
            }) {
            case .made(let semanticImage): return semanticImage
            case .failed(let failure): throw Self.fault(file, failure)
            }
        } catch let error as CodecsUnavailable {
            throw CommandFault(error, models: codecs.models)
        }
    }

    private static func read(
        _ file: SemanticImageFolder.File,
        on disk: BlockingExecutor
    ) async throws -> [UInt8] {
        let limit = ImportedPicture.maxFileBytes
        do throws(PictureFile.Fault) {
            guard file.size <= limit else { throw PictureFile.tooLarge(limit) }
            return try await disk.run { () throws(PictureFile.Fault) in
                try PictureFile.read(file.path, expecting: file.size, limit: limit)
            }
        } catch {
            throw fault(file, error.failure)
        }
    }

    private static func fault(
        _ file: SemanticImageFolder.File,
        _ failure: ImageFailure
    ) -> CommandFault {
        CommandFault(
            "The semantic image \(StandardError.printable(file.path)) cannot be used: \(failure.code): "
                + StandardError.printable(failure.detail)
        )
    }
}

/// The indices of the files still to be read, shared by several tasks.
///
/// After the first error it hands out no more indices. Files before a faulty one are already done
/// or in progress, so the earliest fault is always found.
private final class FileQueue: Sendable {
    private struct State {
        var next = 0
        var faults: [Int: any Error] = [:]
    }

    private let count: Int
    private let state = Mutex(State())

    init(count: Int) {
        self.count = count
    }

    func next() -> Int? {
        state.withLock { state in
            guard state.faults.isEmpty, state.next < count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func note(_ fault: any Error, at place: Int) {
        state.withLock { $0.faults[place] = fault }
    }

    var firstFault: (any Error)? {
        state.withLock { $0.faults.min { $0.key < $1.key }?.value }
    }
}
