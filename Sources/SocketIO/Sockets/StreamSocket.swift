import CLinux
import Glibc
public import POSIX

/// The actor that owns a ``StreamSocket``.
///
/// All calls come on its executor's queue.
public protocol SocketOwner: Actor {
    /// Called when the socket may be ready; pass it on to ``StreamSocket/handle(_:for:)``.
    func socketBecame(_ readiness: Readiness)
    /// Called with received bytes, which are valid only during the call.
    func socketReceived(_ bytes: UnsafeRawBufferPointer)
    /// Called when the peer has ended its direction and all its bytes have been read.
    func socketReceivedEnd()
    /// Called when the peer has ended its direction or is gone, though its last bytes may be
    /// unread.
    ///
    /// It is called at least once, even while reading is paused, and before or after
    /// ``socketReceivedEnd()``.
    func socketPeerEnded()
    /// Called when all output has been handed to the kernel.
    func socketFlushed()
    /// Called with an errno when the connection has failed; the owner should close the socket.
    func socketFailed(_ number: Int32)
    /// Called last, when the descriptor is closed.
    func socketClosed()
}

extension SocketOwner {
    /// Does nothing, because most owners learn of the end soon enough by reading.
    public func socketPeerEnded() {}
}

/// How far the peer has got, according to the kernels of both sides.
///
/// Bytes in this side's buffers do not count.
public struct PeerProgress: Sendable, Equatable {
    /// Grows by the bytes that the peer has acknowledged or read; only differences have a meaning.
    public var acknowledged: UInt64
    /// The number of bytes that have arrived from the peer, read or unread, counted before
    /// decryption.
    ///
    /// `nil` if the kernel does not report it.
    public var arrived: UInt64?

    /// Creates a value.
    public init(acknowledged: UInt64, arrived: UInt64?) {
        self.acknowledged = acknowledged
        self.arrived = arrived
    }
}

/// A connected, non-blocking stream socket, confined to its ``SocketOwner``.
///
/// Readiness is edge-triggered. So it reads until nothing is left or the turn's budget is used up.
/// When resumed after a pause it reads at once, because the event may already have been delivered.
public final class StreamSocket {
    private enum Life {
        case idle
        /// With the registration for events, if there is one yet.
        case open(Poller.Token?)
        case closed
    }

    private enum AfterFlush {
        case nothing
        case endOutput
        case close
    }

    private static let readsPerTurn = 16

    private let descriptor: Int32
    private let shard: Shard
    private var stream: any ByteStream

    private var life = Life.idle
    private var output = OutputQueue()
    private var afterFlush = AfterFlush.nothing
    private var wantsReading = true
    /// Whether there may be unread bytes that no further event will announce.
    private var mayBeReadable = false
    private var isOutputWatched = false
    private var lowWaterMark = 1
    private var hasReadEnd = false
    private var isEstablished = false
    /// Set when TLS needs the other direction's readiness before it can continue.
    private var readAwaitsWritable = false
    private var writeAwaitsReadable = false

    /// The number of output bytes that the stream has accepted.
    public private(set) var sentBytes: UInt64 = 0

    /// Takes over a connected non-blocking descriptor; nothing happens until ``start(for:)``.
    ///
    /// Every socket must be started and closed.
    ///
    /// - Parameters:
    ///   - descriptor: The descriptor.
    ///   - stream: Moves bytes through that descriptor; plain by default.
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

    /// Whether output is waiting to be sent.
    public var hasPendingOutput: Bool { !output.isEmpty }

    /// How far the peer has got.
    ///
    /// A full send buffer does not mean that the peer has stalled. The kernel reports a socket
    /// writable again only when a third of the buffer is free. Of several megabytes, that takes a
    /// slow reader minutes.
    public var peerProgress: PeerProgress {
        guard isOpen else { return PeerProgress(acknowledged: sentBytes, arrived: nil) }
        var (acknowledged, arrived): (UInt64, UInt64) = (0, 0)
        if clinux_tcp_progress(descriptor, &acknowledged, &arrived) == 0 {
            return PeerProgress(acknowledged: acknowledged, arrived: arrived)
        }
        var unread: Int32 = 0
        guard clinux_unsent(descriptor, &unread) == 0 else {
            return PeerProgress(acknowledged: sentBytes, arrived: nil)
        }
        return PeerProgress(acknowledged: sentBytes &- UInt64(clamping: unread), arrived: nil)
    }

    /// Whether the socket can still be used.
    public var isOpen: Bool {
        if case .open = life { true } else { false }
    }

    /// Starts reading.
    ///
    /// The socket keeps the owner alive until ``SocketOwner/socketClosed()``.
    public func start(for owner: isolated some SocketOwner) {
        guard case .idle = life else { return }
        life = .open(nil)
        // A first request has mostly arrived, and its answer may end the connection. Registering
        // for events behind that work saves its cost.
        becameReadable(for: owner)
        post([], for: owner)
    }

    /// Registers for events unless that has been done.
    private func register(for owner: isolated some SocketOwner) {
        guard case .open(nil) = life else { return }
        let descriptor = descriptor
        switch shard.poller.assumeIsolated({ $0.add(descriptor, of: owner) }) {
        case .success(let token):
            life = .open(token)
            if isOutputWatched { shard.poller.assumeIsolated { $0.addOutput(token) } }
        case .failure(let error):
            fail(error.number, for: owner)
        }
    }

    /// Reads and writes what the socket's readiness allows.
    public func handle(_ readiness: Readiness, for owner: isolated some SocketOwner) {
        register(for: owner)
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
        if let token { shard.poller.assumeIsolated { $0.addOutput(token) } }
    }

    /// Returns whether bytes may be transferred; otherwise continues the handshake.
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
    /// While paused, the receive buffer fills, which stops the peer.
    public func setReading(_ wanted: Bool, for owner: isolated some SocketOwner) {
        guard wanted != wantsReading else { return }
        wantsReading = wanted
        guard isOpen, !hasReadEnd else { return }
        if wanted, mayBeReadable { post(.readable, for: owner) }
    }

    /// Asks for events only when so many bytes can be read, the peer has ended its direction or the
    /// connection has failed.
    ///
    /// Bytes below the mark stay unread meanwhile; ``peerProgress`` counts them.
    public func setLowWaterMark(_ bytes: Int) {
        guard bytes != lowWaterMark, isOpen else { return }
        lowWaterMark = bytes
        stream.setLowWaterMark(bytes)
    }

    // The closure is created in a nonisolated function, because in actor-isolated code it would
    // inherit that isolation.
    private func post(_ readiness: Readiness, for owner: some SocketOwner) {
        shard.executor.post { owner.assumeIsolated { $0.socketBecame(readiness) } }
    }

    private func receive(for owner: isolated some SocketOwner) {
        guard isOpen, !hasReadEnd, establish(for: owner) else { return }
        let buffer = shard.readBuffer.bytes
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
        // The budget is used up: give the queue's other connections their turn.
        post(.readable, for: owner)
    }

    private func fail(_ number: Int32, for owner: isolated some SocketOwner) {
        hasReadEnd = true
        output.removeAll()
        owner.socketFailed(number)
    }
}

// MARK: - Writing

extension StreamSocket {
    /// Appends bytes to the output; the next ``flush(for:)`` sends them.
    public func send(_ bytes: [UInt8]) {
        guard isOpen else { return }
        output.append(bytes)
    }

    /// Ends this side's direction once the output is sent; reading continues.
    public func endOutputWhenFlushed() {
        if case .nothing = afterFlush { afterFlush = .endOutput }
    }

    /// Closes the socket once the output is sent.
    public func closeWhenFlushed() {
        afterFlush = .close
    }

    /// Writes as much output as the socket takes, and the rest when it becomes writable.
    public func flush(for owner: isolated some SocketOwner) {
        guard isOpen else { return }
        guard isEstablished else {
            // Closing need not wait for the handshake.
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
                // A peer that has ended its direction cannot send what the write waits for.
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
            stream.prepareToClose()
            close(for: owner)
        }
        if hadOutput { owner.socketFlushed() }
    }
}

// MARK: - Closing

extension StreamSocket {
    /// Discards unsent output and closes the socket; ``SocketOwner/socketClosed()`` follows.
    ///
    /// - Parameters:
    ///   - isReset: Whether to send a reset, which tells the peer that something went wrong.
    ///   - owner: The owner.
    public func close(isReset: Bool = false, for owner: isolated some SocketOwner) {
        if case .closed = life { return }
        // A reset would overtake the alert of a failed handshake.
        if isReset, isEstablished { _ = clinux_reset_on_close(descriptor) }
        if case .open(let token?) = life { shard.poller.assumeIsolated { $0.remove(token) } }
        life = .closed
        output.removeAll()
        _ = Glibc.close(descriptor)
        postClosed(for: owner)
    }

    private func postClosed(for owner: some SocketOwner) {
        shard.executor.post { owner.assumeIsolated { $0.socketClosed() } }
    }
}
