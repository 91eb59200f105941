import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import Operations
import POSIX
import Queue

/// What the routes work with.
///
/// The routes themselves are in the extensions of this type, one file for each resource.
struct API: Sendable {
    let settings: Settings
    let store: any Store
    let blobs: any BlobStorage
    /// What there is where uploads are written.
    let space: any DiskSpaceReporting
    /// What earlier runs have left in the data folder.
    let leftovers: Leftovers
    let disk: BlockingExecutor
    let ledger: BlobLedger
    let signingKey: SigningKey
    let forecast: Forecast
    /// Makes semantic images of pictures.
    let pictures: any PictureImporting
    /// What jobs may choose, the default first.
    let models: [ModelName]
    let lifecycle: Lifecycle
    let logger: Logger
    /// Room that erasing may use when there is no other.
    var reserve: DiskReserve?
    /// Where keys are derived from passphrases, which takes time and memory but no disk; the same for every copy.
    let derivations = BlockingExecutor(label: "palimpsest.derivations", width: 1)
    /// The archives that are being fetched; the same for every copy.
    let archivePlans = ArchivePlans()
    /// How many jobs the keys make; the same for every copy.
    let rates = RateLimiter()
    /// How many requests the keys have under way; the same for every copy.
    let shares = RequestShares()
    /// Which jobs' archives are being sent; the same for every copy.
    let readings = JobReadings()
    /// Whether the data folder can be written; the same for every copy.
    let writeProbe = WriteProbe()

    /// The longest that a request may wait for a job to end.
    static let maxWait: Duration = .seconds(60)

    /// The job that a path names, if it is the key's and not expired.
    ///
    /// - Throws: ``APIError/jobUnknown`` (404), also for somebody else's job; 410 for one whose files are gone.
    func job(_ text: String?, of key: APIKey) async throws -> Job {
        guard let text, let id = JobIdentifier(text),
            let job = try await store.job(id, tenant: key.id)
        else {
            throw APIError.jobUnknown
        }
        guard job.expiredAt == nil, (job.expiresAt ?? .max) > store.currentTime else {
            throw APIError.jobExpired
        }
        return job
    }

    /// The image that a path names.
    func image(_ text: String?, of job: Job) async throws -> JobImage {
        guard let text, let number = Int(text), (1...Int(Int32.max)).contains(number),
            String(number) == text,
            let image = try await store.image(job: job.id, number: number)
        else { throw APIError.imageUnknown }
        return image
    }

    // MARK: - Parameters of queries

    /// Refuses parameters that a route does not have, or that are there twice.
    func allow(_ names: Set<String>, in target: RequestTarget) throws(APIError) {
        if let unknown = target.query.first(where: { !names.contains($0.name) }) {
            throw .parameterUnknown(unknown.name, known: names.sorted())
        }
        if let repeated = target.query.firstRepeated { throw .parameterRepeated(repeated) }
    }

    /// The size of a page.
    func limit(_ target: RequestTarget) throws(APIError) -> Int {
        guard let text = target.queryValue("limit") else { return 100 }
        let detail = "The limit must be a whole number from 1 to 500."
        let limit = try JobParameters.number(text, "limit", detail)
        guard (1...500).contains(limit) else { throw .parameterInvalid("limit", detail) }
        return limit
    }

    /// The time that a request wants to wait.
    func wait(_ text: String?) throws(APIError) -> Duration {
        guard let text else { return .zero }
        guard let patience = Self.patience(text) else {
            throw .parameterInvalid("wait", "The wait must be a whole number of seconds.")
        }
        return patience
    }

    /// Reads a whole number of seconds, cut off at ``maxWait``; `nil` for anything else.
    static func patience(_ text: some StringProtocol) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        // Digits that are no number are too many of them.
        return min(Int32(text).map { .seconds($0) } ?? maxWait, maxWait)
    }

    // MARK: - Answers

    /// An answer with a document.
    func answer(
        _ document: some Encodable,
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) throws -> ServerResponse {
        var fields = fields
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        return ServerResponse(
            status: status,
            fields: fields,
            body: .bytes(try JSONDocument.bytes(document))
        )
    }
}
