/// What signs requests to an object store.
public struct S3Credentials: Sendable, Equatable {
    /// The identifier of the key, which is no secret.
    public let accessKey: String
    /// The secret.
    let secretKey: String
    /// The token that goes with temporary keys.
    let sessionToken: String?

    /// Creates credentials.
    public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}
