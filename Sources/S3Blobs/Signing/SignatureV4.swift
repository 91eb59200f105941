import Cryptography

/// AWS Signature Version 4 with the signature in a header, as S3 wants it: no path is normalised.
///
/// Source: "Signature Version 4 signing process" and "Authenticating Requests: Using the
/// Authorization Header" of the S3 API reference.
struct SignatureV4: Sendable {
    private static let algorithm = "AWS4-HMAC-SHA256"

    let credentials: S3Credentials
    let region: String
    var service = "s3"

    /// Returns a request's headers with those that sign it.
    ///
    /// - Parameters:
    ///   - method: `GET`, `PUT` and so on.
    ///   - path: The path before it is encoded, beginning with a slash.
    ///   - query: Names and values before they are encoded.
    ///   - headers: All headers to sign, `host` among them; names in lower case.
    ///   - payload: The SHA-256 of the body.
    ///   - time: The time of the request, some minutes from the store's at most.
    /// - Returns: The headers with `x-amz-date`, `x-amz-content-sha256`, where there is a token
    ///   `x-amz-security-token`, and `authorization`.
    func signed(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        headers: [String: String],
        payload: SHA256Digest,
        at time: RequestTime
    ) -> [String: String] {
        var headers = headers
        headers["x-amz-date"] = time.text
        headers["x-amz-content-sha256"] = payload.hex
        headers["x-amz-security-token"] = credentials.sessionToken
        headers["authorization"] = authorization(
            method: method,
            path: path,
            query: query,
            headers: headers,
            payload: payload.hex,
            at: time
        )
        return headers
    }

    /// Returns the value of `authorization` for exactly these headers.
    func authorization(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        headers: [String: String],
        payload: String,
        at time: RequestTime
    ) -> String {
        let names = headers.keys.sorted()
        let canonical = [
            method, URIEncoding.encode(path, keepsSlashes: true), Self.canonical(query),
            names.map { "\($0):\(Self.trimmed(headers[$0, default: ""]))\n" }.joined(),
            names.joined(separator: ";"), payload,
        ].joined(separator: "\n")
        let scope = "\(time.day)/\(region)/\(service)/aws4_request"
        let text = [
            Self.algorithm, time.text, scope, SHA256.hash(Array(canonical.utf8)).hex,
        ].joined(separator: "\n")
        let signature = HMACSHA256.authenticate(Array(text.utf8), key: signingKey(for: time)).hex
        return "\(Self.algorithm) Credential=\(credentials.accessKey)/\(scope), "
            + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(signature)"
    }

    /// The query as it is signed, and may be sent: encoded, and sorted by its bytes.
    static func canonical(_ query: [(name: String, value: String)]) -> String {
        let pairs = query.map { pair in
            (name: URIEncoding.encode(pair.name), value: URIEncoding.encode(pair.value))
        }
        return pairs.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }.joined(separator: "&")
    }

    private func signingKey(for time: RequestTime) -> [UInt8] {
        let parts = [time.day, region, service, "aws4_request"]
        return parts.reduce(Array("AWS4\(credentials.secretKey)".utf8)) { key, part in
            HMACSHA256.authenticate(Array(part.utf8), key: key).bytes
        }
    }

    /// A header's value without spaces around it, and with single ones within.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
