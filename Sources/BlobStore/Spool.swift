import Cryptography
import POSIX
import Synchronization

/// A blob that is being written: bytes are appended, hashed and counted, and nothing is visible before ``commit()``.
///
/// One task at a time appends. A spool that is neither committed nor discarded removes its file with its last reference; a
/// process that dies leaves a file that ``BlobStore/sweepTemporary()`` removes at the next start.
public final class Spool: Sendable {
    private struct State: ~Copyable {
        /// Open while bytes may still come.
        var file: FileDescriptor?
        var hash = SHA256()
        var size: UInt64 = 0
        /// How much of it is on its way to the disk.
        var written: UInt64 = 0
        /// Whether the temporary file still has to be removed or renamed.
        var hasFile = true
    }

    /// The disk works from so many bytes on, instead of when the last one has come.
    private static let writebackBytes: UInt64 = 4 << 20

    private let store: BlobStore
    private let path: String
    private let state: Mutex<State>

    init(store: BlobStore, path: String) throws(BlobStoreError) {
        let file = try disk(FileDescriptor(opening: path, for: .writing, [.create, .exclusive]))
        self.store = store
        self.path = path
        state = Mutex(State(file: file))
    }

    deinit {
        discard()
    }

    /// The number of bytes appended so far.
    public var size: UInt64 {
        state.withLock { $0.size }
    }

    /// Appends bytes, blocking on the disk.
    ///
    /// - Throws: ``BlobStoreError/noSpace`` and other faults of the disk, after which the spool is discarded;
    ///   ``BlobStoreError/spoolClosed``.
    public func append(_ bytes: [UInt8]) throws(BlobStoreError) {
        try locked { state throws(BlobStoreError) in
            guard state.file != nil else { throw BlobStoreError.spoolClosed }
            do throws(BlobStoreError) {
                _ = try disk(state.file?.writeAll(bytes))
            } catch {
                discard(&state)
                throw error
            }
            state.hash.update(bytes)
            state.size += UInt64(bytes.count)
            if state.size - state.written >= Self.writebackBytes {
                state.file?.startWriteback(of: state.written..<state.size)
                state.written = state.size
            }
        }
    }

    /// Ends the blob without filing it: its bytes are safe on disk and its descriptor is closed.
    ///
    /// So an upload of thousands of files holds thousands of spools, but no descriptors. It blocks on the disk; sealing twice does
    /// nothing.
    ///
    /// - Throws: Faults of the disk, after which the spool is discarded; ``BlobStoreError/spoolClosed``.
    public func seal() throws(BlobStoreError) {
        try locked { state throws(BlobStoreError) in try seal(&state) }
    }

    /// Reads what was appended, blocking on the disk; it ends the blob as ``seal()`` does.
    ///
    /// - Throws: Faults of the disk; ``BlobStoreError/spoolClosed``.
    public func contents() throws(BlobStoreError) -> [UInt8] {
        try locked { state throws(BlobStoreError) in
            try seal(&state)
            guard let count = Int(exactly: state.size) else { throw BlobStoreError.corrupt }
            return try BlobReader(opening: path).read(at: 0, count: count)
        }
    }

    /// Files the blob under its hash, durably: file, rename and folder are synchronised when this returns.
    ///
    /// A blob that is there already is replaced by the same bytes, and its age starts anew, which keeps
    /// ``BlobStore/remove(_:ifOlderThan:)`` off it until a row refers to it.
    ///
    /// - Returns: What to write into the row that refers to the blob.
    /// - Throws: Faults of the disk, after which the spool is discarded; ``BlobStoreError/spoolClosed``.
    public func commit() throws(BlobStoreError) -> BlobReference {
        let reference = try place()
        try store.synchronizeNames(of: CollectionOfOne(reference.sha256))
        return reference
    }

    /// Files the blob as ``commit()`` does, but for its name, which does not survive a power cut before
    /// ``BlobStore/synchronizeNames(of:)``: for many blobs that is one call a folder instead of one a blob.
    ///
    /// - Returns: What to write into the row that refers to the blob, once its name is synchronised.
    /// - Throws: Faults of the disk, after which the spool is discarded; ``BlobStoreError/spoolClosed``.
    public func place() throws(BlobStoreError) -> BlobReference {
        try locked { state throws(BlobStoreError) in
            try seal(&state)
            let reference = BlobReference(sha256: state.hash.finalize(), size: state.size)
            do throws(BlobStoreError) {
                try store.place(path, under: reference.sha256)
            } catch {
                discard(&state)
                throw error
            }
            state.hasFile = false
            return reference
        }
    }

    /// Throws the bytes away; it does nothing after ``commit()``.
    public func discard() {
        state.withLock { discard(&$0) }
    }

    private func seal(_ state: inout State) throws(BlobStoreError) {
        guard state.hasFile else { throw .spoolClosed }
        do throws(BlobStoreError) {
            _ = try disk(state.file?.synchronize())
        } catch {
            discard(&state)
            throw error
        }
        state.file = nil
    }

    private func discard(_ state: inout State) {
        state.file = nil
        guard state.hasFile else { return }
        state.hasFile = false
        // A file that cannot be removed now is removed by the sweep at the next start.
        _ = try? FileSystem.unlink(path)
    }

    /// `Mutex.withLock` with the error type kept.
    private func locked<Value: Sendable>(
        _ body: (inout State) throws(BlobStoreError) -> Value
    ) throws(BlobStoreError) -> Value {
        try state.withLock { state throws(BlobStoreError) in try body(&state) }
    }
}
