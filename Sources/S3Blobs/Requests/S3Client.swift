import BlobStorage
import Cryptography
import Glibc
import Synchronization

/// What is asked of an object store: put, get, head, delete and list, each blocking until its end.
final class S3Client: Sendable {
    /// The most bytes of an answer that is no object: a page of a listing, or an error.
    private static let maxDocument = 4 << 20

    let location: S3Location
    private let signature: SignatureV4
    private let transport: CurlTransport
    private let retries: RetryPolicy
    /// How many seconds the store's clock is ahead of this machine's, once a store has complained.
    private let skew = Mutex<Int64>(0)

    /// - Throws: ``HTTPFault`` if libcurl is not there.
    init(
        location: S3Location,
        credentials: S3Credentials,
        retries: RetryPolicy
    ) throws(HTTPFault) {
        self.location = location
        self.retries = retries
        signature = SignatureV4(credentials: credentials, region: location.region)
        transport = try CurlTransport()
    }

    /// An object's size, and its age by the store's own clock.
    struct Object: Equatable {
        let size: UInt64
        let age: Duration
    }

    /// Stores an object, in place of one that is there.
    func put(
        _ key: String,
        _ body: HTTPRequest.Body,
        sha256: SHA256Digest
    ) throws(BlobStorageError) {
        _ = try send("PUT", key, body: body, payload: sha256)
    }

    /// Reads an object, or a part of it.
    ///
    /// - Throws: ``BlobStorageError/notFound``; ``BlobStorageError/corrupt`` if the object ends
    ///   before the part does.
    func get(
        _ key: String,
        _ range: Range<UInt64>? = nil,
        atMost limit: Int
    ) throws(BlobStorageError) -> [UInt8] {
        var headers: [String: String] = [:]
        if let range { headers["range"] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)" }
        let answer = try send("GET", key, headers: headers, maxAnswer: limit)
        guard let range else { return answer.body }
        // A store may answer with all of it, which is an answer to a request with a range; and the
        // status of a part is 200 with some.
        let part = answer.headers["content-range"]
        guard part?.hasPrefix("bytes \(range.lowerBound)-") ?? (answer.status == 200) else {
            throw .other("the object store answered with another part of an object")
        }
        let bytes =
            part == nil ? answer.body.dropFirst(Int(clamping: range.lowerBound)) : answer.body[...]
        guard bytes.count >= range.count else { throw .corrupt }
        return Array(bytes.prefix(range.count))
    }

    /// Looks at an object; `nil` if there is none.
    func head(_ key: String) throws(BlobStorageError) -> Object? {
        let answer: HTTPAnswer
        do throws(BlobStorageError) {
            answer = try send("HEAD", key)
        } catch .notFound {
            return nil
        }
        guard let size = answer.headers["content-length"].flatMap({ UInt64($0) }) else {
            throw .other("the object store gave no length of an object")
        }
        let now = answer.headers["date"].flatMap(HTTPDate.seconds)
        guard let placed = answer.headers["last-modified"].flatMap(HTTPDate.seconds), let now else {
            throw .other("the object store gave no date of an object")
        }
        return Object(size: size, age: .seconds(now - placed))
    }

    /// Removes an object, or does nothing if there is none.
    func delete(_ key: String) throws(BlobStorageError) {
        do throws(BlobStorageError) {
            _ = try send("DELETE", key)
        } catch .notFound {}
    }

    /// Lists keys with a prefix, page after page.
    ///
    /// - Parameters:
    ///   - prefix: What the keys begin with.
    ///   - page: Takes the keys of each page.
    /// - Throws: ``BlobStorageError``, those of `page` among it.
    func list(
        _ prefix: String,
        _ page: ([String]) throws(BlobStorageError) -> Void
    ) throws(BlobStorageError) {
        var token: String?
        repeat {
            var query = [(name: "list-type", value: "2"), (name: "prefix", value: prefix)]
            if let token { query.append((name: "continuation-token", value: token)) }
            let body = try send("GET", "", query: query, maxAnswer: Self.maxDocument).body
            let answer = StoreAnswer(body)
            guard let isTruncated = answer.first("IsTruncated") else {
                throw .other("the object store answered a listing with something else")
            }
            try page(answer.all("Key"))
            token = isTruncated == "true" ? answer.first("NextContinuationToken") : nil
        } while token != nil
    }

    // MARK: - Requests

    private func send(
        _ method: String,
        _ key: String,
        query: [(name: String, value: String)] = [],
        headers: [String: String] = [:],
        body: HTTPRequest.Body = .none,
        payload: SHA256Digest = SHA256.hash([]),
        maxAnswer: Int = S3Client.maxDocument
    ) throws(BlobStorageError) -> HTTPAnswer {
        let path = location.root + key
        let sent = SignatureV4.canonical(query)
        let target = URIEncoding.encode(path, keepsSlashes: true) + (sent.isEmpty ? "" : "?\(sent)")
        var attempt = 0
        while true {
            attempt += 1
            let signed = signature.signed(
                method: method,
                path: path,
                query: query,
                headers: headers.merging(["host": location.host]) { $1 },
                payload: payload,
                at: RequestTime(secondsSince1970: Int64(time(nil)) + skew.withLock(\.self))
            )
            let request = HTTPRequest(
                method: method,
                url: "\(location.scheme)://\(location.host)\(target)",
                headers: signed,
                body: body,
                maxAnswer: maxAnswer
            )
            switch attempted(request) {
            case .answered(let answer): return answer
            case .failed(let failure, let mayPass):
                guard mayPass,
                    let pause = retries.pause(after: attempt, fraction: .random(in: 0...1))
                else { throw failure }
                Self.sleep(pause)
            }
        }
    }

    /// What has come of one attempt: an answer of success, or a failure that another attempt may mend.
    private enum Outcome {
        case answered(HTTPAnswer)
        case failed(BlobStorageError, mayPass: Bool)
    }

    /// Sends a request once.
    private func attempted(_ request: HTTPRequest) -> Outcome {
        do throws(HTTPFault) {
            let answer = try transport.send(request)
            if 200..<300 ~= answer.status { return .answered(answer) }
            let mayPass = RetryPolicy.isTransient(answer.status) || corrects(answer)
            return .failed(Self.failure(of: answer), mayPass: mayPass)
        } catch {
            let words = "the object store at \(location.host) cannot be reached: \(error)"
            return .failed(.unavailable(words), mayPass: true)
        }
    }

    /// Takes the store's clock from an answer that complains of this machine's.
    ///
    /// - Returns: Whether that was the complaint, and the request is worth another attempt.
    private func corrects(_ answer: HTTPAnswer) -> Bool {
        guard StoreAnswer(answer.body).first("Code") == "RequestTimeTooSkewed",
            let now = answer.headers["date"].flatMap(HTTPDate.seconds)
        else { return false }
        let ahead = now - Int64(time(nil))
        return skew.withLock { skew in
            defer { skew = ahead }
            return abs(skew - ahead) > 1
        }
    }

    private static func failure(of answer: HTTPAnswer) -> BlobStorageError {
        let document = StoreAnswer(answer.body)
        let code = document.first("Code") ?? ""
        switch (answer.status, code) {
        case (404, "NoSuchBucket"): return .unavailable("the object store has no such bucket")
        case (404, _): return .notFound
        case (507, _), (_, "QuotaExceeded"), (_, "XMinioStorageFull"): return .noSpace
        default:
            let words = [code, document.first("Message") ?? ""].filter { !$0.isEmpty }
            let why = words.isEmpty ? "" : " (\(words.joined(separator: ": ").prefix(300)))"
            return .unavailable("the object store answered with status \(answer.status)\(why)")
        }
    }

    private static func sleep(_ pause: Duration) {
        let (seconds, attoseconds) = pause.components
        var pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        while nanosleep(&pause, &left) != 0 && errno == EINTR { pause = left }
    }
}
