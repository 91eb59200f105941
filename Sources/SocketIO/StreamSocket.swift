import CLinux
@preconcurrency import Dispatch
import Glibc

/// The actor to which a ``StreamSocket`` belongs.
///
/// Every call comes on its executor's queue.
public protocol SocketOwner: Actor {
    /// A source fired or was cancelled: pass it on to ``StreamSocket/handle(_:for:)``.
    func socketSignalled(_ signal: StreamSocketSignal)
    /// Bytes have come. They are valid during the call only.
    func socketReceived(_ bytes: UnsafeRawBufferPointer)
    /// The peer has ended its direction.
    func socketReceivedEnd()
    /// Everything that was sent has left.
    func socketFlushed()
    /// The connection is broken; the owner should close.
    func socketFailed(_ number: Int32)
    /// The descriptor is closed. The last call.
    func socketClosed()
}

/// What a Dispatch source of a socket has to tell.
public enum StreamSocketSignal: Sendable {
    /// There may be something to read.
    case readable
    /// There may be room to write.
    case writable
    /// A source will not fire any more.
    case cancelled
}

/// A connected, non-blocking TCP socket, confined to its ``SocketOwner``.
///
/// One read source and one write source are made at the start and live as long as the descriptor, because libdispatch loses
/// a registration that is made anew after a hang-up. Readiness is taken as an edge: reading goes on until nothing is left or
/// the budget of a turn is used up, and a paused socket that is resumed reads by itself instead of waiting for an event that
/// may have been delivered already. The descriptor is closed in one place, when the last source has been cancelled.
public final class StreamSocket {
    private enum Life {
        case idle
        case open
        case closing(pendingCancellations: Int)
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
    private let queue: DispatchQueue
    private var stream: any ByteStream
    private let readSource: any DispatchSourceRead
    private let writeSource: any DispatchSourceWrite

    private var life = Life.idle
    private var output = OutputQueue()
    private var afterFlush = AfterFlush.nothing
    private var isReadSourceActive = false
    private var isWriteSourceActive = false
    private var wasWriteSourceActivated = false
    private var wantsReading = true
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
    ///   - executor: The owner's executor.
    public init(
        _ descriptor: consuming Descriptor,
        stream: (any ByteStream)? = nil,
        executor: QueueExecutor
    ) {
        let number = descriptor.release()
        self.descriptor = number
        queue = executor.queue
        self.stream = stream ?? PlainStream(descriptor: number)
        readSource = DispatchSource.makeReadSource(fileDescriptor: number, queue: executor.queue)
        writeSource = DispatchSource.makeWriteSource(fileDescriptor: number, queue: executor.queue)
    }

    /// Whether bytes wait to leave.
    public var hasPendingOutput: Bool { !output.isEmpty }

    /// Whether the socket can still be used.
    public var isOpen: Bool {
        if case .open = life { true } else { false }
    }

    /// Begins to read.
    ///
    /// The owner is kept alive until ``SocketOwner/socketClosed()``.
    public func start(for owner: isolated some SocketOwner) {
        guard case .idle = life else { return }
        life = .open
        _ = clinux_no_delay(descriptor)
        Self.install(owner, on: readSource, signal: .readable)
        Self.install(owner, on: writeSource, signal: .writable)
        isReadSourceActive = true
        readSource.activate()
    }

    /// Carries out what a source's signal asks for.
    public func handle(_ signal: StreamSocketSignal, for owner: isolated some SocketOwner) {
        switch signal {
        case .readable: becameReadable(for: owner)
        case .writable: becameWritable(for: owner)
        case .cancelled: sourceCancelled(for: owner)
        }
    }

    private func becameReadable(for owner: isolated some SocketOwner) {
        if writeAwaitsReadable {
            writeAwaitsReadable = false
            setReadSource(active: wantsReading && !hasReadEnd)
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

    /// Whether bytes may be moved; goes on with the handshake if not.
    private func establish(for owner: isolated some SocketOwner) -> Bool {
        guard !isEstablished else { return true }
        switch stream.handshake() {
        case .done:
            isEstablished = true
            setWriteSource(active: false)
            return true
        case .wantsReadable:
            setWriteSource(active: false)
        case .wantsWritable:
            setWriteSource(active: true)
        case .failed(let number):
            fail(number, for: owner)
        }
        return false
    }

    // The closures are made here, outside any actor: one made in actor-isolated code would inherit that isolation.
    private static func install(
        _ owner: some SocketOwner,
        on source: any DispatchSourceProtocol,
        signal: StreamSocketSignal
    ) {
        source.setEventHandler { owner.assumeIsolated { $0.socketSignalled(signal) } }
        source.setCancelHandler { owner.assumeIsolated { $0.socketSignalled(.cancelled) } }
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
        setReadSource(active: wanted || writeAwaitsReadable)
        if wanted { postRead(for: owner) }
    }

    private func setReadSource(active: Bool) {
        guard active != isReadSourceActive else { return }
        isReadSourceActive = active
        if active { readSource.resume() } else { readSource.suspend() }
    }

    private func postRead(for owner: some SocketOwner) {
        queue.async { owner.assumeIsolated { $0.socketSignalled(.readable) } }
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
                    return
                case .wantsWritable:
                    readAwaitsWritable = true
                    setWriteSource(active: true)
                    return
                case .end:
                    // An active source would fire without end now.
                    hasReadEnd = true
                    setReadSource(active: false)
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
        setReadSource(active: false)
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
                setWriteSource(active: true)
                return
            case .wantsReadable:
                // A peer that has ended cannot give what the write needs.
                guard !hasReadEnd else { return fail(EPIPE, for: owner) }
                writeAwaitsReadable = true
                setReadSource(active: true)
                setWriteSource(active: readAwaitsWritable)
                return
            case .end:
                fail(EPIPE, for: owner)
                return
            case .failed(let number):
                fail(number, for: owner)
                return
            }
        }
        setWriteSource(active: readAwaitsWritable)
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

    private func setWriteSource(active: Bool) {
        guard active != isWriteSourceActive else { return }
        isWriteSourceActive = active
        if !active {
            writeSource.suspend()
        } else if wasWriteSourceActivated {
            writeSource.resume()
        } else {
            wasWriteSourceActivated = true
            writeSource.activate()
        }
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
        switch life {
        case .open:
            break
        case .idle:
            start(for: owner)
        case .closing, .closed:
            return
        }
        // A reset would overtake what a failed handshake has told the peer.
        if isReset, isEstablished { _ = clinux_reset_on_close(descriptor) }
        life = .closing(pendingCancellations: 2)
        output.removeAll()
        // A source that is suspended or was never activated would keep its cancel handler to itself.
        setReadSource(active: true)
        setWriteSource(active: true)
        readSource.cancel()
        writeSource.cancel()
    }

    private func sourceCancelled(for owner: isolated some SocketOwner) {
        guard case .closing(let pending) = life else { return }
        guard pending == 1 else {
            life = .closing(pendingCancellations: pending - 1)
            return
        }
        life = .closed
        _ = Glibc.close(descriptor)
        owner.socketClosed()
    }
}
