import COpenSSL

/// The settings that TLS connections to other machines share.
///
/// A certificate must be the host's and lead to an authority that the machine trusts (OpenSSL's
/// default locations, `SSL_CERT_FILE` and `SSL_CERT_DIR`).
///
/// `@unchecked Sendable`: as ``TLSContext``, OpenSSL counts references atomically, and nothing here
/// changes the context after `init`.
public final class TLSClientContext: @unchecked Sendable {
    private let context: OpaquePointer

    /// Reads the machine's authorities.
    ///
    /// - Throws: ``TLSError``.
    public init() throws(TLSError) {
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw TLSError(description: "TLS cannot be set up.")
        }
        self.context = context
        copenssl_set_options(context)
        copenssl_set_modes(context)
        copenssl_keep_no_sessions(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard copenssl_set_minimum_version_1_2(context) == 1,
            SSL_CTX_set_default_verify_paths(context) == 1
        else { throw TLSError(description: "The machine's authorities cannot be used.") }
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// Creates the state of a connection to a host; `nil` if there is no memory for it.
    func makeSession(to host: String) -> OpaquePointer? {
        guard let session = SSL_new(context) else { return nil }
        // A numeric address is verified as one, but must not be sent as a name (RFC 6066 section
        // 3).
        let isNamed = AddressBlock.isAddress(host) || copenssl_set_host_name(session, host) == 1
        guard isNamed, SSL_set1_host(session, host) == 1 else {
            SSL_free(session)
            return nil
        }
        return session
    }
}
