import CLinux
import Glibc
import POSIX

/// A connection to another machine, for a thread that may wait, with one deadline for everything.
public final class OutboundStream {
    private let descriptor: Int32
    private let end: ContinuousClock.Instant
    private var stream: any ByteStream

    private init(
        _ descriptor: Int32,
        _ stream: any ByteStream,
        until end: ContinuousClock.Instant
    ) {
        self.descriptor = descriptor
        self.stream = stream
        self.end = end
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Connects to the first address that takes a connection; blocks.
    ///
    /// - Parameters:
    ///   - addresses: Where to connect.
    ///   - host: The host whose certificate is demanded; `nil` for no TLS.
    ///   - tls: The settings of TLS.
    ///   - end: When to give up, here and in ``read()`` and ``write(_:)``.
    /// - Returns: The connection.
    /// - Throws: ``OutboundError``.
    public static func connect(
        toOneOf addresses: [SocketAddress],
        host: String?,
        tls: TLSClientContext,
        until end: ContinuousClock.Instant
    ) throws(OutboundError) -> OutboundStream {
        var fault = OutboundError.refused
        for address in addresses {
            do throws(OutboundError) {
                let descriptor = try open(address, until: end)
                guard let stream = stream(over: descriptor, to: host, tls) else {
                    _ = Glibc.close(descriptor)
                    throw .broken
                }
                let made = OutboundStream(descriptor, stream, until: end)
                try made.shakeHands()
                return made
            } catch {
                fault = error
                guard error == .refused else { break }
            }
        }
        throw fault
    }

    private static func stream(
        over descriptor: Int32,
        to host: String?,
        _ tls: TLSClientContext
    ) -> (any ByteStream)? {
        guard let host else { return PlainStream(descriptor: descriptor) }
        return TLSStream(to: host, tls, descriptor: descriptor)
    }

    /// Opens a socket and waits until it is connected.
    private static func open(
        _ address: SocketAddress,
        until end: ContinuousClock.Instant
    ) throws(OutboundError) -> Int32 {
        guard var raw = try? address.raw() else { throw .refused }
        let descriptor = clinux_socket_stream(&raw)
        guard descriptor >= 0 else { throw .refused }
        do throws(OutboundError) {
            if clinux_connect(descriptor, &raw) != 0 {
                guard errno == EINPROGRESS else { throw .refused }
                try wait(for: POLLOUT, on: descriptor, until: end)
                var number: Int32 = 0
                var size = socklen_t(MemoryLayout.size(ofValue: number))
                guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0,
                    number == 0
                else { throw .refused }
            }
            return descriptor
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
    }

    private func shakeHands() throws(OutboundError) {
        while true {
            switch stream.handshake() {
            case .done: return
            case .wantsReadable: try wait(for: POLLIN)
            case .wantsWritable: try wait(for: POLLOUT)
            case .failed: throw .untrusted
            }
        }
    }

    /// Writes all bytes; blocks.
    ///
    /// - Throws: ``OutboundError``.
    public func write(_ bytes: [UInt8]) throws(OutboundError) {
        var sent = 0
        while sent < bytes.count {
            let result = bytes[sent...].withUnsafeBytes { stream.write($0) }
            switch result {
            case .bytes(let count): sent += count
            case .wantsReadable: try wait(for: POLLIN)
            case .wantsWritable: try wait(for: POLLOUT)
            case .end, .failed: throw .broken
            }
        }
    }

    /// Reads what has come; blocks.
    ///
    /// - Returns: At least one byte; `nil` at the end.
    /// - Throws: ``OutboundError``.
    public func read() throws(OutboundError) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let result = buffer.withUnsafeMutableBytes { stream.read(into: $0) }
            switch result {
            case .bytes(let count): return Array(buffer.prefix(count))
            case .wantsReadable: try wait(for: POLLIN)
            case .wantsWritable: try wait(for: POLLOUT)
            case .end: return nil
            case .failed: throw .broken
            }
        }
    }

    private func wait(for events: Int32) throws(OutboundError) {
        try Self.wait(for: events, on: descriptor, until: end)
    }

    private static func wait(
        for events: Int32,
        on descriptor: Int32,
        until end: ContinuousClock.Instant
    ) throws(OutboundError) {
        while true {
            let left = end - .now
            guard left > .zero else { throw .timeout }
            var request = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let milliseconds = Int32(clamping: Int64(left / .milliseconds(1)) + 1)
            let result = poll(&request, 1, milliseconds)
            if result > 0 { return }
            guard result == 0 || errno == EINTR else { throw .broken }
        }
    }
}
