import CLinux
import COpenSSL
import Glibc

/// Either side of TLS over a connected descriptor.
///
/// It belongs to one connection and runs on that connection's queue only. So OpenSSL's error queue,
/// which is per thread, holds no other connection's errors between a call and the check of its
/// result.
public final class TLSStream: ByteStream {
    private let session: OpaquePointer
    private let descriptor: Int32
    /// After a fatal error nothing may be written, not even close_notify.
    private var isBroken = false

    /// Creates the server's side over a descriptor that it does not own; `nil` if there is no
    /// memory for it.
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

    /// Creates the client's side over a descriptor that it does not own; `nil` if there is no
    /// memory for it.
    ///
    /// - Parameters:
    ///   - host: The host whose certificate is demanded.
    ///   - context: The settings.
    ///   - descriptor: The descriptor.
    init?(to host: String, _ context: TLSClientContext, descriptor: Int32) {
        guard let session = context.makeSession(to: host) else { return nil }
        guard SSL_set_fd(session, descriptor) == 1 else {
            SSL_free(session)
            return nil
        }
        SSL_set_connect_state(session)
        self.session = session
        self.descriptor = descriptor
    }

    deinit {
        SSL_free(session)
    }

    /// Continues the handshake.
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

    /// Encrypts and writes as many whole records as the socket takes.
    public func write(_ buffer: UnsafeRawBufferPointer) -> TransferResult {
        ERR_clear_error()
        var count = 0
        let result = SSL_write_ex(session, buffer.baseAddress, buffer.count, &count)
        guard result != 1 else { return .bytes(count) }
        let outcome = outcome(of: result)
        return outcome == .end ? .failed(EPIPE) : outcome
    }

    /// Does nothing, because part of the bytes that are to come may be in the session already.
    public func setLowWaterMark(_ bytes: Int) {}

    /// Sends close_notify and shuts down the sending direction.
    public func endOutput() {
        prepareToClose()
        _ = clinux_shutdown_output(descriptor)
    }

    /// Sends close_notify.
    public func prepareToClose() {
        guard !isBroken, SSL_is_init_finished(session) == 1 else { return }
        ERR_clear_error()
        // The peer's close_notify, if it comes, is read as its end.
        _ = SSL_shutdown(session)
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
