import BlobStorage
import Cryptography
import Glibc
import Synchronization

/// What is asked of an object store: put, get, head, delete and list, each blocking until its end.
final class S3Client: Sendable {
    /// The most bytes of an answer that is no object: a page of a listing, or an error.
    private static let maxDocument = 4 << 20

    let location: S3Location
    private let credentials: CurrentCredentials
    private let transport: CurlTransport
    private let retries: RetryPolicy
    private let observer: StorageExchange.Observer
    /// How many seconds the store's clock is ahead of this machine's, once a store has complained.
    private let skew = Mutex<Int64>(0)

    /// - Throws: ``HTTPFault`` if libcurl is not there.
    init(
        location: S3Location,
        credentials: CurrentCredentials,
        retries: RetryPolicy,
        observer: @escaping StorageExchange.Observer = { _ in }
    ) throws(HTTPFault) {
        self.location = location
        self.credentials = credentials
        self.retries = retries
        self.observer = observer
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
        _ = try send(.put, key, body: body, payload: sha256)
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
        let answer = try send(.get, key, headers: headers, maxAnswer: limit)
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
            answer = try send(.head, key)
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
            _ = try send(.delete, key)
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
            let body = try send(.list, "", query: query, maxAnswer: Self.maxDocument).body
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
        _ operation: StorageExchange.Operation,
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
        var keys = credentials.value
        var hasOtherKeys = false
        let begin = ContinuousClock.now
        var attempt = 0
        while true {
            attempt += 1
            let skew = skew.withLock(\.self)
            let signed = SignatureV4(credentials: keys, region: location.region).signed(
                method: operation.method,
                path: path,
                query: query,
                headers: headers.merging(["host": location.host]) { $1 },
                payload: payload,
                at: RequestTime(secondsSince1970: Int64(time(nil)) + skew)
            )
            let request = HTTPRequest(
                method: operation.method,
                url: "\(location.scheme)://\(location.host)\(target)",
                headers: signed,
                body: body,
                maxAnswer: maxAnswer
            )
            let sending = ContinuousClock.now
            let (outcome, status) = attempted(request, keys, skew)
            let duration = ContinuousClock.now - sending
            func tell(_ end: StorageExchange.End) {
                observer(
                    StorageExchange(
                        operation: operation,
                        status: status,
                        duration: duration,
                        end: end
                    )
                )
            }
            switch outcome {
            case .answered(let answer):
                tell(.answered)
                return answer
            case .refused(let failure, let others):
                tell(hasOtherKeys ? .failed : .repeated)
                guard !hasOtherKeys else { throw failure }
                hasOtherKeys = true
                keys = others
            case .failed(let failure, let mayPass):
                guard mayPass,
                    let pause = retries.pause(
                        after: attempt,
                        within: ContinuousClock.now - begin,
                        fraction: .random(in: 0...1)
                    )
                else {
                    tell(failure == .notFound ? .answered : .failed)
                    throw failure
                }
                tell(.repeated)
                Self.sleep(pause)
            }
        }
    }

    /// What has come of one attempt.
    private enum Outcome {
        /// An answer of success.
        case answered(HTTPAnswer)
        /// A failure that another attempt may mend.
        case failed(BlobStorageError, mayPass: Bool)
        /// A failure that may be of the keys, and there are others now.
        case refused(BlobStorageError, S3Credentials)
    }

    /// Sends a request once.
    ///
    /// - Returns: What has come of it, and the status of the answer, if there was one.
    private func attempted(
        _ request: HTTPRequest,
        _ keys: S3Credentials,
        _ skew: Int64
    ) -> (Outcome, status: Int?) {
        let status: Int
        let refusal: StoreRefusal
        do throws(HTTPFault) {
            let answer = try transport.send(request)
            status = answer.status
            if 200..<300 ~= status { return (.answered(answer), status) }
            refusal = StoreRefusal(answer)
        } catch {
            let words = "the object store at \(location.host) cannot be reached: \(error)"
            return (.failed(.unreachable(words), mayPass: true), nil)
        }
        return (outcome(of: refusal, keys, skew), status)
    }

    /// What an answer without success makes of an attempt.
    private func outcome(
        of refusal: StoreRefusal,
        _ keys: S3Credentials,
        _ skew: Int64
    ) -> Outcome {
        if refusal.isTransient || corrects(refusal, signedWith: skew) {
            return .failed(refusal.error, mayPass: true)
        }
        guard refusal.mayBeOfKeys else { return .failed(refusal.error, mayPass: false) }
        do throws(S3CredentialsError) {
            let others = try credentials.replacement(for: keys)
            return others.map { .refused(refusal.error, $0) }
                ?? .failed(refusal.error, mayPass: false)
        } catch {
            return .failed(.unreachable("\(refusal.error); \(error)"), mayPass: false)
        }
    }

    /// Takes the store's clock from an answer that may complain of this machine's.
    ///
    /// - Parameters:
    ///   - refusal: The answer.
    ///   - used: The skew that the request was signed with; another request may have corrected it
    ///     meanwhile.
    /// - Returns: Whether the request is worth another attempt.
    private func corrects(_ refusal: StoreRefusal, signedWith used: Int64) -> Bool {
        guard let now = refusal.date else { return false }
        let ahead = now - Int64(time(nil))
        guard refusal.mayBeOfClock(ahead - used) else { return false }
        skew.withLock { $0 = ahead }
        return true
    }

    private static func sleep(_ pause: Duration) {
        let (seconds, attoseconds) = pause.components
        var pause = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        while nanosleep(&pause, &left) != 0 && errno == EINTR { pause = left }
    }
}

extension StorageExchange.Operation {
    /// The method of the request.
    fileprivate var method: String {
        switch self {
        case .put: "PUT"
        case .get, .list: "GET"
        case .head: "HEAD"
        case .delete: "DELETE"
        }
    }
}
