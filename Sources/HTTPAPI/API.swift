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

/// The state that the routes share.
///
/// The routes are extensions of this type, one file per resource. Copies share the counters and
/// caches, such as ``rates`` and ``archivePlans``, which are references.
struct API: Sendable {
    let settings: Settings
    let store: any Store
    let blobs: any BlobStorage
    /// Reports the free space of the disk that takes the uploads.
    let space: any DiskSpaceReporting
    /// What earlier runs left in the data folder: unfinished files and unreferenced blobs.
    let leftovers: Leftovers
    let disk: BlockingExecutor
    let ledger: BlobLedger
    let signingKey: SigningKey
    let forecast: Forecast
    /// Converts uploaded pictures to semantic images, and makes previews.
    let pictures: any PictureImporting & PicturePreviewing
    /// The models that a job may choose; the first is the default.
    let models: [OfferedModel]
    let lifecycle: Lifecycle
    let logger: Logger
    /// Space on the disk that is held back so that erasing works on a full disk.
    var reserve: DiskReserve?
    /// The link that signs in once; `nil` if none was printed.
    var signInLink: SignInLink?
    /// The program that serves.
    var version = ProgramVersion(number: "unknown", commit: "unknown")
    /// The files of the page.
    let page = PageFiles()
    /// Runs the derivation of keys from passphrases, one at a time: it takes time and memory, but
    /// no disk.
    let derivations = BlockingExecutor(label: "palimpsest.derivations", width: 1)
    /// The plans of the archives that were requested last.
    let archivePlans = ArchivePlans()
    /// Counts the jobs that each key creates per minute.
    var rates = RateLimiter()
    /// Counts the open requests of each key.
    let shares = RequestShares()
    /// The jobs whose archives are being sent.
    let downloads = JobDownloads()
    /// Tests whether the data folder is writable.
    let writeProbe = WriteProbe()
    let endedJobs = EndedJobDocuments()

    /// Which pages of other origins may call this API.
    var crossOrigin: CrossOriginAccess { CrossOriginAccess(origins: settings.corsOrigins) }

    /// The longest time that a request may wait for a job to end.
    static let maxWait: Duration = .seconds(60)

    /// Returns the job that a path names, if it belongs to the key and has not expired.
    ///
    /// - Throws: ``APIError/jobUnknown`` (404), also for a job of another key;
    ///   ``APIError/jobExpired`` (410) after its files were erased or its time ran out; faults of
    ///   the store.
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

    /// Returns the image that a path names by its number, at least 1, in canonical decimal.
    ///
    /// - Throws: ``APIError/imageUnknown`` (404); faults of the store.
    func image(_ text: String?, of job: Job) async throws -> JobImage {
        guard let text, let number = Int(text), (1...Int(Int32.max)).contains(number),
            String(number) == text,
            let image = try await store.image(job: job.id, number: number)
        else { throw APIError.imageUnknown }
        return image
    }

    // MARK: - Query parameters

    /// Refuses parameters that the route does not have, and repeated ones.
    func allow(_ names: Set<String>, in target: RequestTarget) throws(APIError) {
        if let unknown = target.query.first(where: { !names.contains($0.name) }) {
            throw .parameterUnknown(unknown.name, known: names.sorted())
        }
        if let repeated = target.query.firstRepeated { throw .parameterRepeated(repeated) }
    }

    /// Returns the page size: the parameter `limit`, from 1 to 500, or 100 without it.
    func limit(_ target: RequestTarget) throws(APIError) -> Int {
        guard let text = target.queryValue("limit") else { return 100 }
        let detail = "The limit must be a whole number from 1 to 500."
        let limit = try JobParameters.number(text, "limit", detail)
        guard (1...500).contains(limit) else { throw .parameterInvalid("limit", detail) }
        return limit
    }

    /// Returns the time that a request is willing to wait: whole seconds, capped at ``maxWait``,
    /// and zero without a value.
    func wait(_ text: String?) throws(APIError) -> Duration {
        guard let text else { return .zero }
        guard let timeout = Self.seconds(text) else {
            throw .parameterInvalid("wait", "The wait must be a whole number of seconds.")
        }
        return timeout
    }

    /// Parses a whole number of seconds, capped at ``maxWait``; `nil` for anything else.
    static func seconds(_ text: some StringProtocol) -> Duration? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        // Digits that overflow are a number above the cap.
        return min(Int32(text).map { .seconds($0) } ?? maxWait, maxWait)
    }

    // MARK: - Answers

    /// Returns an answer with a JSON document that must not be cached.
    func answer(
        _ document: some Encodable,
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) throws -> ServerResponse {
        answer(json: try JSONDocument.bytes(document), status: status, fields: fields)
    }

    /// Returns an answer with the bytes of a JSON document that must not be cached.
    func answer(
        json bytes: [UInt8],
        status: HTTPResponse.Status = .ok,
        fields: HTTPFields = [:]
    ) -> ServerResponse {
        var fields = fields
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        return ServerResponse(status: status, fields: fields, body: .bytes(bytes))
    }
}
