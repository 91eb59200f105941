import BlobStorage
import Cryptography
import POSIX
import Synchronization

/// A blob that is being written to a temporary file, which is renamed when it is complete.
///
/// If the process dies, ``LocalBlobs/sweepTemporary()`` removes the file at the next start.
final class LocalSpool: BlobSpool {
    private struct State: ~Copyable {
        /// Open while bytes may still be appended.
        var file: FileDescriptor?
        var hash = SHA256()
        var size: UInt64 = 0
        /// What the blob is called, once that was asked for.
        var reference: BlobReference?
        /// The end of the bytes whose writeback has been started.
        var writebackEnd: UInt64 = 0
        /// When the last bytes were appended.
        var lastWrite = ContinuousClock.now
        /// Whether the temporary file still has to be removed or renamed.
        var hasFile = true
    }

    /// Start writeback each time this many bytes have been appended, so that sealing has little
    /// left to wait for.
    private static let writebackBytes: UInt64 = 4 << 20

    private let store: LocalBlobs
    private let path: String
    /// A spool with a larger one was not written to before this one was open.
    private let order: UInt64
    private let state: Mutex<State>

    init(store: LocalBlobs, path: String) throws(BlobStorageError) {
        let file = try disk(FileDescriptor(opening: path, for: .writing, [.create, .exclusive]))
        self.store = store
        self.path = path
        order = store.nextNumber()
        state = Mutex(State(file: file))
    }

    deinit {
        discard()
    }

    var size: UInt64 {
        state.withLock { $0.size }
    }

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
            state.lastWrite = .now
            if state.size - state.writebackEnd >= Self.writebackBytes {
                state.file?.startWriteback(of: state.writebackEnd..<state.size)
                state.writebackEnd = state.size
            }
        }
    }

    /// Syncs and closes the file, so an upload of thousands of files holds no descriptors.
    @discardableResult
    func seal() throws(BlobStorageError) -> BlobReference {
        try locked { state throws(BlobStorageError) in
            try seal(&state)
            return Self.reference(&state)
        }
    }

    func contents() throws(BlobStorageError) -> [UInt8] {
        try locked { state throws(BlobStorageError) in
            try seal(&state)
            guard let count = Int(exactly: state.size) else { throw BlobStorageError.corrupt }
            return try LocalBlob(opening: path).read(at: 0, count: count)
        }
    }

    func place() throws(BlobStorageError) -> BlobReference {
        try locked { state throws(BlobStorageError) in
            try seal(&state)
            let reference = Self.reference(&state)
            do throws(BlobStorageError) {
                let age = state.lastWrite.duration(to: .now)
                try store.place(path, under: reference.sha256, isRecent: age < .seconds(5))
            } catch {
                discard(&state)
                throw error
            }
            state.hasFile = false
            return reference
        }
    }

    func discard() {
        state.withLock { discard(&$0) }
    }

    /// Whether bytes may still be appended.
    var isOpen: Bool {
        state.withLock { $0.file != nil }
    }

    /// Has the disk begin to write what was appended, which leaves less for ``seal()``.
    func startWriteback() {
        state.withLock { state in
            state.file?.startWriteback(of: state.writebackEnd..<state.size)
            state.writebackEnd = state.size
        }
    }

    /// Ends spools by synchronising the whole disk, which must tell of what it could not write.
    ///
    /// - Throws: ``BlobStorageError``; then all of them are discarded.
    static func sealTogether(_ spools: [LocalSpool]) throws(BlobStorageError) {
        // Nothing can be appended any more once the descriptors are taken away.
        var open = spools.sorted { $0.order < $1.order }.compactMap { $0.releaseFile() }
        guard !open.isEmpty else { return }
        // The oldest has seen every write to the others.
        let oldest = FileDescriptor(owning: open.removeFirst())
        for number in open { _ = FileDescriptor(owning: number) }
        do throws(BlobStorageError) {
            try disk(oldest.synchronizeDisk())
        } catch {
            for spool in spools { spool.discard() }
            throw error
        }
    }

    /// Ends appending, and returns the descriptor for the caller to close.
    private func releaseFile() -> Int32? {
        state.withLock { $0.file.take()?.release() }
    }

    private func seal(_ state: inout State) throws(BlobStorageError) {
        guard state.hasFile else { throw .spoolClosed }
        do throws(BlobStorageError) {
            _ = try disk(state.file?.synchronize())
        } catch {
            discard(&state)
            throw error
        }
        state.file = nil
    }

    private static func reference(_ state: inout State) -> BlobReference {
        if let known = state.reference { return known }
        let reference = BlobReference(sha256: state.hash.finalize(), size: state.size)
        state.reference = reference
        return reference
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
