import CLinux
import Glibc
public import POSIX

/// The actor to which a ``StreamSocket`` belongs.
///
/// Every call comes on its executor's queue.
public protocol SocketOwner: Actor {
    /// The socket may have become ready: pass it on to ``StreamSocket/handle(_:for:)``.
    func socketBecame(_ readiness: Readiness)
    /// Bytes have come. They are valid during the call only.
    func socketReceived(_ bytes: UnsafeRawBufferPointer)
    /// The peer has ended its direction.
    func socketReceivedEnd()
    /// The peer has ended its direction, or is gone, though what it sent before may not be read
    /// yet.
    ///
    /// It comes also while reading is paused, once at least, and before or after
    /// ``socketReceivedEnd()``.
    func socketPeerEnded()
    /// Everything that was sent has left.
    func socketFlushed()
    /// The connection is broken; the owner should close.
    func socketFailed(_ number: Int32)
    /// The descriptor is closed. The last call.
    func socketClosed()
}

extension SocketOwner {
    /// Most owners learn soon enough what they read.
    public func socketPeerEnded() {}
}

/// How far the peer is, by the word of both kernels; what lies in this side's buffers is not
/// counted.
public struct PeerProgress: Sendable, Equatable {
    /// Grows with what the peer takes; a number that means nothing by itself, only that another one
    /// is progress.
    public var taken: UInt64
    /// The bytes of the peer's that have arrived, read or not, and encrypted as they may be; `nil`
    /// where the kernel does not tell.
    public var arrived: UInt64?

    /// Creates a progress.
    public init(taken: UInt64, arrived: UInt64?) {
        self.taken = taken
        self.arrived = arrived
    }
}

/// A connected, non-blocking TCP socket, confined to its ``SocketOwner``.
///
/// Readiness is taken as an edge: reading goes on until nothing is left or the budget of a turn is
/// used up, and a paused socket that is resumed reads by itself instead of waiting for an event
/// that may have been delivered already.
public final class StreamSocket {
    private enum Life {
        case idle
        case open(Poller.Token)
        case closed
    }

    private enum AfterFlush {
        case nothing
        case endOutput
        case close
    }

    private static let readBytes = 64 << 10
    private static let readsPerTurn = 16

    private let descriptor: Int32
    private let shard: Shard
    private var stream: any ByteStream

    private var life = Life.idle
    private var output = OutputQueue()
    private var afterFlush = AfterFlush.nothing
    private var wantsReading = true
    /// Whether there may be something to read of which no event will tell any more.
    private var mayBeReadable = false
    private var isOutputWatched = false
    private var hasReadEnd = false
    private var isEstablished = false
    /// TLS waits, in one direction, for what is the other's readiness.
    private var readAwaitsWritable = false
    private var writeAwaitsReadable = false

    /// How many bytes have left through this socket.
    public private(set) var sentBytes: UInt64 = 0

    /// Takes over a connected non-blocking descriptor; nothing happens until ``start(for:)``.
    ///
    /// A socket that was made must be started and closed.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor.
    ///   - stream: Moves bytes through that descriptor; plain TCP if it is not given.
    ///   - shard: The shard whose executor is the owner's.
    public init(
        _ descriptor: consuming FileDescriptor,
        stream: (any ByteStream)? = nil,
        shard: Shard
    ) {
        let number = descriptor.release()
        self.descriptor = number
        self.shard = shard
        self.stream = stream ?? PlainStream(descriptor: number)
    }

    /// Whether bytes wait to leave.
    public var hasPendingOutput: Bool { !output.isEmpty }

    /// How far the peer is.
    ///
    /// A full send buffer is no sign of a peer that takes nothing: the kernel tells of room again
    /// only when a third of some megabytes has left, which takes a slow reader minutes.
    public var peerProgress: PeerProgress {
        guard isOpen else { return PeerProgress(taken: sentBytes, arrived: nil) }
        var (acknowledged, arrived): (UInt64, UInt64) = (0, 0)
        if clinux_tcp_progress(descriptor, &acknowledged, &arrived) == 0 {
            return PeerProgress(taken: acknowledged, arrived: arrived)
        }
        var unread: Int32 = 0
        guard clinux_unsent(descriptor, &unread) == 0 else {
            return PeerProgress(taken: sentBytes, arrived: nil)
        }
        return PeerProgress(taken: sentBytes &- UInt64(clamping: unread), arrived: nil)
    }

    /// Whether the socket can still be used.
    public var isOpen: Bool {
        if case .open = life { true } else { false }
    }

    /// Begins to read.
    ///
    /// The owner is kept alive until ``SocketOwner/socketClosed()``.
    public func start(for owner: isolated some SocketOwner) {
        guard case .idle = life else { return }
        _ = clinux_no_delay(descriptor)
        let descriptor = descriptor
        switch shard.poller.assumeIsolated({ $0.add(descriptor, of: owner) }) {
        case .success(let token): life = .open(token)
        case .failure(let error): owner.socketFailed(error.number)
        }
    }

    /// Carries out what the socket's readiness allows.
    public func handle(_ readiness: Readiness, for owner: isolated some SocketOwner) {
        if readiness.contains(.readable) { becameReadable(for: owner) }
        if readiness.contains(.writable) { becameWritable(for: owner) }
        if readiness.contains(.ended), isOpen { owner.socketPeerEnded() }
    }

    private func becameReadable(for owner: isolated some SocketOwner) {
        mayBeReadable = true
        if writeAwaitsReadable {
            writeAwaitsReadable = false
            flush(for: owner)
        }
        receive(for: owner)
    }

    private func becameWritable(for owner: isolated some SocketOwner) {
        if readAwaitsWritable || !isEstablished {
            readAwaitsWritable = false
            receive(for: owner)
        }
        flush(for: owner)
    }

    private func watchOutput() {
        guard !isOutputWatched, case .open(let token) = life else { return }
        isOutputWatched = true
        shard.poller.assumeIsolated { $0.addOutput(token) }
    }

    /// Whether bytes may be moved; goes on with the handshake if not.
    private func establish(for owner: isolated some SocketOwner) -> Bool {
        guard !isEstablished else { return true }
        switch stream.handshake() {
        case .done:
            isEstablished = true
            return true
        case .wantsReadable:
            mayBeReadable = false
        case .wantsWritable:
            watchOutput()
        case .failed(let number):
            fail(number, for: owner)
        }
        return false
    }
}

// MARK: - Reading

extension StreamSocket {
    /// Pauses or resumes reading.
    ///
    /// A pause lets the kernel's window close, which holds the peer back.
    public func setReading(_ wanted: Bool, for owner: isolated some SocketOwner) {
        guard wanted != wantsReading else { return }
        wantsReading = wanted
        guard isOpen, !hasReadEnd else { return }
        if wanted, mayBeReadable { postRead(for: owner) }
    }

    // The closure is made here, outside any actor: one made in actor-isolated code would inherit
    // that isolation.
    private func postRead(for owner: some SocketOwner) {
        shard.executor.post { owner.assumeIsolated { $0.socketBecame(.readable) } }
    }

    private func receive(for owner: isolated some SocketOwner) {
        guard isOpen, !hasReadEnd, establish(for: owner) else { return }
        withUnsafeTemporaryAllocation(byteCount: Self.readBytes, alignment: 16) { buffer in
            for _ in 0..<Self.readsPerTurn {
                guard isOpen, wantsReading, !hasReadEnd else { return }
                switch stream.read(into: buffer) {
                case .bytes(let count):
                    owner.socketReceived(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                case .wantsReadable:
                    mayBeReadable = false
                    return
                case .wantsWritable:
                    readAwaitsWritable = true
                    watchOutput()
                    return
                case .end:
                    hasReadEnd = true
                    owner.socketReceivedEnd()
                    return
                case .failed(let number):
                    fail(number, for: owner)
                    return
                }
            }
            // The turn is used up: let the other connections of the queue have theirs.
            postRead(for: owner)
        }
    }

    private func fail(_ number: Int32, for owner: isolated some SocketOwner) {
        hasReadEnd = true
        output.removeAll()
        owner.socketFailed(number)
    }
}

// MARK: - Writing

extension StreamSocket {
    /// Adds bytes to the output.
    ///
    /// They leave with the next ``flush(for:)``.
    public func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(bytes)
    }

    /// Ends our direction once the output has left; what comes in is still read.
    public func endOutputWhenFlushed() {
        if case .nothing = afterFlush { afterFlush = .endOutput }
    }

    /// Closes once the output has left.
    public func closeWhenFlushed() {
        afterFlush = .close
    }

    /// Writes what the socket takes, and the rest when it takes more.
    public func flush(for owner: isolated some SocketOwner) {
        guard isOpen else { return }
        guard isEstablished else {
            // The end of a connection need not wait for the handshake.
            if output.isEmpty { finishFlush(hadOutput: false, for: owner) }
            return
        }
        let hadOutput = !output.isEmpty
        while let result = output.withFirst({ stream.write($0) }) {
            switch result {
            case .bytes(let count):
                sentBytes += UInt64(count)
                output.consume(count)
            case .wantsWritable:
                watchOutput()
                return
            case .wantsReadable:
                // A peer that has ended cannot give what the write needs.
                guard !hasReadEnd else { return fail(EPIPE, for: owner) }
                writeAwaitsReadable = true
                return
            case .end:
                fail(EPIPE, for: owner)
                return
            case .failed(let number):
                fail(number, for: owner)
                return
            }
        }
        finishFlush(hadOutput: hadOutput, for: owner)
    }

    private func finishFlush(hadOutput: Bool, for owner: isolated some SocketOwner) {
        switch afterFlush {
        case .nothing:
            break
        case .endOutput:
            afterFlush = .nothing
            stream.endOutput()
        case .close:
            stream.endOutput()
            close(for: owner)
        }
        if hadOutput { owner.socketFlushed() }
    }
}

// MARK: - Closing

extension StreamSocket {
    /// Gives up what has not left, and closes; ``SocketOwner/socketClosed()`` follows.
    ///
    /// - Parameters:
    ///   - isReset: Whether the peer is told by a reset that something went wrong.
    ///   - owner: The owner.
    public func close(isReset: Bool = false, for owner: isolated some SocketOwner) {
        if case .closed = life { return }
        // A reset would overtake what a failed handshake has told the peer.
        if isReset, isEstablished { _ = clinux_reset_on_close(descriptor) }
        if case .open(let token) = life { shard.poller.assumeIsolated { $0.remove(token) } }
        life = .closed
        output.removeAll()
        _ = Glibc.close(descriptor)
        postClosed(for: owner)
    }

    private func postClosed(for owner: some SocketOwner) {
        shard.executor.post { owner.assumeIsolated { $0.socketClosed() } }
    }
}
