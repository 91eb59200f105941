import CodecHost
import Cryptography
import JobModel
import POSIX
import Synchronization

/// Has codec processes make semantic images of files, several at once.
struct SemanticImageReader: Sendable {
    let codecs: CodecPool
    private let disk: BlockingExecutor

    init(codecs: CodecPool) {
        self.codecs = codecs
        disk = BlockingExecutor(label: "palimpsest.semantic-images", width: codecs.count + 1)
    }

    /// Reads files, each once.
    ///
    /// - Parameters:
    ///   - files: The files.
    ///   - keep: Takes what was made of a file, with the file's place in `files`; called on a thread of its own, not in their order.
    /// - Throws: ``CommandFault`` about the first of the files that cannot be used, or if there are no codec processes; what `keep`
    ///   throws. Then files behind the fault may not have been looked at.
    func read(
        _ files: [SemanticImageFolder.File],
        keep: @escaping @Sendable (Int, HashedBytes) throws -> Void
    ) async throws {
        let queue = FileQueue(count: files.count)
        await withDiscardingTaskGroup { group in
            // One more than there are processes, so that one file is read or kept while another one is at work.
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
            switch try await codecs.importPicture(reading: { [disk] in try await Self.read(file, on: disk) }) {
            case .made(let semanticImage): return semanticImage
            case .failed(let failure): throw Self.fault(file, failure)
            }
        } catch let error as CodecsUnavailable {
            throw CommandFault(error, weightsFile: codecs.weightsFile)
        }
    }

    private static func read(_ file: SemanticImageFolder.File, on disk: BlockingExecutor) async throws -> [UInt8] {
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

    private static func fault(_ file: SemanticImageFolder.File, _ failure: ImageFailure) -> CommandFault {
        CommandFault(
            "The semantic image \(StandardError.printable(file.path)) cannot be used: \(failure.code): "
                + StandardError.printable(failure.detail)
        )
    }
}

/// The places that are left to read, for several tasks; nothing is left once there is a fault.
///
/// Whoever stands before a fault is done already or at work still: so the first of all faults is always found.
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
