import COpenSSL
import POSIX

/// The TLS files of a server, all PEM.
public struct TLSConfiguration: Sendable, Equatable {
    /// The server's certificate, followed by the intermediates that lead to a root.
    public var certificateFile: String
    /// The certificate's private key, without a passphrase.
    public var keyFile: String
    /// The authorities, one of which must have signed each client's certificate.
    ///
    /// `nil` asks clients for no certificate.
    public var clientCAFile: String?

    /// Creates a configuration.
    public init(certificateFile: String, keyFile: String, clientCAFile: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientCAFile = clientCAFile
    }
}

/// Why TLS cannot be set up.
public struct TLSError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence for the operator.
    public let description: String
}

/// The certificate, key and settings that a server's TLS connections share, read once.
///
/// It offers TLS 1.2 and 1.3 with the cipher suites of Mozilla's intermediate configuration
/// (version 5.7), ALPN for http/1.1 only, and session tickets. It refuses renegotiation.
///
/// `@unchecked Sendable`: OpenSSL counts the references to an SSL_CTX atomically. Its documentation
/// allows several threads to create connections from one as long as nobody changes it, and nothing
/// here does after `init`.
public final class TLSContext: @unchecked Sendable {
    private static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    private static let groups = "X25519:P-256:P-384"

    private let context: OpaquePointer

    /// Reads the files.
    ///
    /// - Parameter configuration: The files to read.
    /// - Throws: ``TLSError`` that names the unusable file.
    public init(_ configuration: TLSConfiguration) throws(TLSError) {
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw Self.error("TLS cannot be set up")
        }
        self.context = context
        try Self.check(copenssl_set_minimum_version_1_2(context), "TLS 1.2 cannot be set")
        copenssl_set_options(context)
        copenssl_set_modes(context)
        copenssl_keep_no_sessions(context)
        try Self.check(
            SSL_CTX_set_cipher_list(context, Self.ciphers),
            "The cipher suites cannot be set"
        )
        try Self.check(copenssl_set_groups(context, Self.groups), "The groups cannot be set")
        try Self.check(
            SSL_CTX_use_certificate_chain_file(context, configuration.certificateFile),
            "The certificate file '\(configuration.certificateFile)' cannot be used"
        )
        try Self.check(
            SSL_CTX_use_PrivateKey_file(context, configuration.keyFile, SSL_FILETYPE_PEM),
            "The key file '\(configuration.keyFile)' cannot be used"
        )
        try Self.check(
            SSL_CTX_check_private_key(context),
            "The key in '\(configuration.keyFile)' is not that of the certificate in '\(configuration.certificateFile)'"
        )
        if let file = configuration.clientCAFile {
            try Self.requireClients(signedBy: file, context)
        }
        SSL_CTX_set_alpn_select_cb(context, Self.selectProtocol, nil)
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// Creates the state of a connection; `nil` if there is no memory for it.
    func makeSession() -> OpaquePointer? { SSL_new(context) }

    private static func requireClients(
        signedBy file: String,
        _ context: OpaquePointer
    ) throws(TLSError) {
        let complaint = "The file of client authorities '\(file)' cannot be used"
        try check(SSL_CTX_load_verify_locations(context, file, nil), complaint)
        guard let names = SSL_load_client_CA_file(file) else { throw error(complaint) }
        SSL_CTX_set_client_CA_list(context, names)
        // With client verification, OpenSSL resumes sessions only if they have a context
        // (SSL_CTX_set_session_id_context(3)).
        let identifier = Array("palimpsest".utf8)
        try check(
            SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count)),
            complaint
        )
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }

    /// Chooses http/1.1 from a client's list and refuses a client that does not offer it (RFC 7301
    /// section 3.2).
    private static let selectProtocol: SSL_CTX_alpn_select_cb_func = {
        _,
        out,
        outLength,
        offered,
        offeredLength,
        _ in
        let list = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
        let wanted = Array("http/1.1".utf8)
        var place = 0
        while place < list.count {
            let length = Int(list[place])
            let name = place + 1..<place + 1 + length
            guard name.upperBound <= list.count else { break }
            if list[name].elementsEqual(wanted) {
                out?.pointee = offered.map { $0 + name.lowerBound }
                outLength?.pointee = UInt8(length)
                return SSL_TLSEXT_ERR_OK
            }
            place = name.upperBound
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }

    private static func check(_ result: Int32, _ complaint: String) throws(TLSError) {
        guard result == 1 else { throw error(complaint) }
    }

    /// `ERR_SYSTEM_FLAG`: the other bits of the error code are an errno.
    private static let systemErrorFlag: UInt = 0x8000_0000

    /// Adds the oldest error in OpenSSL's queue, which is the cause.
    private static func error(_ complaint: String) -> TLSError {
        let code = ERR_get_error()
        ERR_clear_error()
        // OpenSSL has no reason string for a system error.
        if code & systemErrorFlag != 0, let number = Int32(exactly: code & ~systemErrorFlag) {
            return TLSError(description: complaint + ": \(SystemError.words(for: number)).")
        }
        guard code != 0, let reason = ERR_reason_error_string(code) else {
            return TLSError(description: complaint + ".")
        }
        return TLSError(description: complaint + ": \(String(cString: reason)).")
    }
}
