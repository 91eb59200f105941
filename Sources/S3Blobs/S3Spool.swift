import BlobStorage
import Cryptography
import POSIX
import Synchronization

/// A blob that is being written to a local file, which is sent when it is complete.
final class S3Spool: BlobSpool {
    private struct State: ~Copyable {
        /// Open while bytes may still be appended, so that an upload of thousands of files holds no
        /// descriptors.
        var file: FileDescriptor?
        var hash = SHA256()
        var size: UInt64 = 0
        /// Whether the file still has to be removed.
        var hasFile = true
    }

    private let blobs: S3Blobs
    private let path: String
    private let state: Mutex<State>

    init(blobs: S3Blobs, path: String) throws(BlobStorageError) {
        let file = try disk(
            FileDescriptor(opening: path, for: .writing, [.create, .exclusive])
        )
        self.blobs = blobs
        self.path = path
        state = Mutex(State(file: file))
    }

    deinit { discard() }

    var size: UInt64 { state.withLock { $0.size } }

    func append(_ bytes: [UInt8]) throws(BlobStorageError) {
        try locked { state throws(BlobStorageError) in
            guard state.file != nil else { throw BlobStorageError.spoolClosed }
            do throws(BlobStorageError) {
                _ = try disk(state.file?.writeAll(bytes))
            } catch {
                discard(&state)
                throw error
            }
            state.hash.update(bytes)
            state.size += UInt64(bytes.count)
        }
    }

    @discardableResult
    func seal() throws(BlobStorageError) -> BlobReference {
        try locked { state throws(BlobStorageError) in try Self.seal(&state) }
    }

    func contents() throws(BlobStorageError) -> [UInt8] {
        try locked { state throws(BlobStorageError) in
            guard let count = Int(exactly: try Self.seal(&state).size) else {
                throw BlobStorageError.corrupt
            }
            return try disk(FileDescriptor(opening: path).read(count, at: 0))
        }
    }

    func place() throws(BlobStorageError) -> BlobReference {
        try locked { state throws(BlobStorageError) in
            let reference = try Self.seal(&state)
            defer { discard(&state) }
            let file = try disk(FileDescriptor(opening: path))
            try blobs.place(file.number, reference)
            return reference
        }
    }

    func discard() {
        state.withLock { discard(&$0) }
    }

    private static func seal(_ state: inout State) throws(BlobStorageError) -> BlobReference {
        guard state.hasFile else { throw .spoolClosed }
        state.file = nil
        return BlobReference(sha256: state.hash.finalize(), size: state.size)
    }

    private func discard(_ state: inout State) {
        state.file = nil
        guard state.hasFile else { return }
        state.hasFile = false
        // The sweep at the next start removes what cannot be removed now.
        _ = try? FileSystem.unlink(path)
    }

    /// `Mutex.withLock` that keeps the error type.
    private func locked<Value: Sendable>(
        _ body: (inout State) throws(BlobStorageError) -> Value
    ) throws(BlobStorageError) -> Value {
        try state.withLock { state throws(BlobStorageError) in try body(&state) }
    }
}
