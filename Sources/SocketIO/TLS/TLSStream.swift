import CLinux
import COpenSSL
import Glibc

/// TLS over a connected descriptor, as a server.
///
/// It belongs to one connection and is used on that connection's queue alone, so that OpenSSL's
/// queue of errors, which belongs to the thread, holds nothing of others between a call and the
/// look at it.
public final class TLSStream: ByteStream {
    private let session: OpaquePointer
    private let descriptor: Int32
    /// Nothing may be written after a fatal error, not even the end.
    private var isBroken = false

    /// Creates a stream over a descriptor that it does not own; `nil` when there is no memory for
    /// it.
    public init?(_ context: TLSContext, descriptor: Int32) {
        guard let session = context.makeSession() else { return nil }
        guard SSL_set_fd(session, descriptor) == 1 else {
            SSL_free(session)
            return nil
        }
        SSL_set_accept_state(session)
        self.session = session
        self.descriptor = descriptor
    }

    deinit {
        SSL_free(session)
    }

    /// Goes on with the handshake.
    public func handshake() -> HandshakeResult {
        ERR_clear_error()
        let result = SSL_do_handshake(session)
        guard result != 1 else { return .done }
        return switch outcome(of: result) {
        case .wantsReadable: .wantsReadable
        case .wantsWritable: .wantsWritable
        case .failed(let number): .failed(number)
        case .end, .bytes: .failed(ECONNRESET)
        }
    }

    /// Reads decrypted bytes.
    public func read(into buffer: UnsafeMutableRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        var count = 0
        let result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
        return result == 1 ? .bytes(count) : outcome(of: result)
    }

    /// Encrypts and writes what the socket takes, whole records at a time.
    public func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(session, buffer.baseAddress, buffer.count, &count)
        guard result != 1 else { return .bytes(count) }
        let outcome = outcome(of: result)
        return outcome == .end ? .failed(EPIPE) : outcome
    }

    /// Sends close_notify and shuts down the sending direction.
    public func endOutput() {
        if !isBroken, SSL_is_init_finished(session) == 1 {
            ERR_clear_error()
            // What the peer answers is read, if at all, as its end.
            _ = SSL_shutdown(session)
        }
        _ = clinux_shutdown_output(descriptor)
    }

    private func outcome(of result: Int32) -> TransferResult {
        let number = errno
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsReadable
        case SSL_ERROR_WANT_WRITE: return .wantsWritable
        case SSL_ERROR_ZERO_RETURN: return .end
        case SSL_ERROR_SYSCALL:
            isBroken = true
            return .failed(number == 0 ? ECONNRESET : number)
        default:
            isBroken = true
            return .failed(EPROTO)
        }
    }
}
