import Archive
import BlobStorage
import CodecHost
import CodecProtocol
import Cryptography
import FoundationEssentials
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import JobRunner
import LocalBlobs
import Logging
import Operations
import POSIX
import Queue
import SQLiteStore
import StoreHarness
import Synchronization

@testable import HTTPAPI

/// The API over a store and blobs in a folder of its own, without sockets and workers.
final class Fixture: Sendable {
    let folder: String
    let store: any Store
    /// The files of the folder.
    let blobs: LocalBlobs
    /// What the API has its photos in: the files, unless it is another storage.
    let storage: any BlobStorage
    let api: API
    let router: Router
    /// What the workers, which are not there, would measure.
    let throughput = ThroughputMeter()
    let secret = APIKeySecret(presented: "plm_for-tests")
    /// What the store takes for the time, in milliseconds since 1970.
    let clock: Clock

    final class Clock: Sendable {
        static let start: Int64 = 1_700_000_000_000
        private let time = Mutex<Int64>(start)
        var now: Int64 { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1000 } }
    }

    init(
        models: [OfferedModel] = [.named("deep-hiding")],
        over other: (any BlobStorage)? = nil,
        _ change: (inout Settings) -> Void = { _ in }
    ) async throws {
        folder =
            FileManager.default.temporaryDirectory.appending(
                path: "palimpsest-\(UUID().uuidString)"
            ).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let clock = Clock()
        self.clock = clock
        store = try SQLiteStore(
            path: folder + "/palimpsest.sqlite",
            generatorVersion: 2,
            now: { clock.now }
        )
        blobs = try LocalBlobs(root: folder)
        var settings = Settings()
        settings.minFreeBytes = 0
        change(&settings)
        storage = other ?? blobs
        let disk = BlockingExecutor.forDataFolder()
        let ledger = BlobLedger(blobs: storage)
        let logger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }
        var api = API(
            settings: settings,
            store: store,
            blobs: storage,
            space: blobs,
            leftovers: Leftovers(
                store: store,
                blobs: NodeBlobs(own: blobs),
                disk: disk,
                logger: logger,
                setAsidePeriod: settings.setAside
            ),
            disk: disk,
            ledger: ledger,
            signingKey: try SigningKey.generate(),
            forecast: Forecast(store: store, meter: throughput, codecs: 2),
            pictures: Codec(),
            models: models,
            lifecycle: Lifecycle(),
            logger: logger
        )
        let start = ContinuousClock.now
        api.rates = RateLimiter { start + .milliseconds(clock.now - Clock.start) }
        self.api = api
        router = api.router()
        _ = try await store.createKey(
            name: "tests",
            scopes: [.submit, .read],
            hash: secret.hash,
            prefix: secret.prefix
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    var housekeeping: Housekeeping {
        api.housekeeping
    }

    // MARK: - Requests

    /// Sends a request to an API that differs from the fixture's.
    func send(
        to api: API,
        _ method: HTTPRequest.Method,
        _ target: String,
        body: [UInt8]
    )
        async throws -> Answer
    {
        let request = ServerRequest(
            method: method,
            target: try RequestTarget(target),
            fields: [.contentType: "application/json"],
            body: RequestBody(body)
        )
        return try await Answer(await api.respond(to: request, by: api.router()))
    }

    /// Sends a request, with the fixture's key unless another is given.
    func send(
        _ method: HTTPRequest.Method = .get,
        _ target: String,
        fields: HTTPFields = [:],
        body: [UInt8] = [],
        key: String? = "plm_for-tests"
    ) async throws -> Answer {
        var fields = fields
        if let key { fields[.authorization] = "Bearer \(key)" }
        let request = ServerRequest(
            method: method,
            target: try RequestTarget(target),
            fields: fields,
            body: RequestBody(body)
        )
        return try await Answer(await api.respond(to: request, by: router))
    }

    /// Uploads one image of class `a` and returns the path of its job.
    func upload(_ bytes: [UInt8], query: String = "?class=a") async throws -> String {
        let answer = try await send(.post, "/v1/jobs\(query)", body: bytes)
        guard let location = answer.fields[.location] else {
            throw Missing(what: "Location in \(answer.text)")
        }
        return location
    }

    /// Makes what begins with a P, as codecs make PNGs of pictures, and refuses the rest.
    private struct Codec: PictureImporting, PicturePreviewing {
        /// Makes a PNG of what begins with a P, of its class and of what it hides.
        func previewPicture(
            reading read: @Sendable () async throws -> CodecImage
        ) async throws -> PicturePreview {
            let image = try await read()
            guard image.photo.bytes.first == UInt8(ascii: "P") else {
                return .failed(ImageFailure(code: "image_truncated", detail: "It ends early."))
            }
            var png = Array("\(image.label.text) \(image.settings.strength) ".utf8)
            switch image.artefact {
            case .generated(let assignment): png += Array("\(assignment)".utf8)
            case .imported(let picture): png += picture.bytes
            }
            return .made(
                ProtectedImage(
                    file: png,
                    report: .sample(
                        label: image.label,
                        input: image.photo.sha256,
                        output: SHA256.hash(png)
                    ),
                    durations: nil
                )
            )
        }

        func importPicture(
            reading read: @Sendable () async throws -> [UInt8]
        ) async throws -> PictureImport {
            let bytes = try await read()
            switch bytes.first {
            case UInt8(ascii: "P"): return .made(HashedBytes(Array("PNG of ".utf8) + bytes))
            case UInt8(ascii: "0"): throw CodecsUnavailable(reason: "there are none")
            default:
                return .failed(
                    ImageFailure(code: "image_format_unsupported", detail: "It is no picture.")
                )
            }
        }
    }

    struct Missing: Error {
        let what: String
    }

    // MARK: - The worker's part

    /// What a worker makes of an image.
    enum Made {
        case picture([UInt8])
        case failure(ImageFailure)
    }

    /// Does what a worker would with everything that is queued: `output` gives the bytes of the "protected" image.
    func work(_ output: ([UInt8]) -> Made = { .picture($0 + [0]) }) async throws {
        guard let owner = WorkerOwner(instance: "tests", run: "one", worker: 0) else {
            throw Missing(what: "owner")
        }
        while true {
            let claims = try await store.claim(owner: owner, lease: .seconds(60))
            if claims.isEmpty { return }
            for claim in claims {
                switch output(try storage.read(claim.inputSHA256)) {
                case .failure(let failure): _ = try await store.finish(claim, .failed(failure))
                case .picture(let bytes):
                    let blob = try storage.put(bytes)
                    let report = ProtectionReport.sample(
                        label: claim.label,
                        input: claim.inputSHA256,
                        output: blob.sha256
                    )
                    let output = StoredBlob(sha256: blob.sha256, size: blob.size)
                    let attachments = try claim.attachments.kinds.map { kind in
                        let bytes = Array("the \(kind.rawValue)".utf8)
                        let blob = try storage.put(bytes)
                        return StoredAttachment(
                            kind: kind,
                            blob: StoredBlob(sha256: blob.sha256, size: blob.size),
                            crc32: CRC32.checksum(bytes)
                        )
                    }
                    _ = try await store.finish(
                        claim,
                        .done(
                            output: output,
                            crc32: CRC32.checksum(bytes),
                            report: report,
                            attachments: attachments
                        )
                    )
                }
            }
        }
    }
}

/// A response with its body collected.
struct Answer: Sendable {
    let status: Int
    let fields: HTTPFields
    let body: [UInt8]

    init(_ response: ServerResponse) async throws {
        status = response.status.code
        fields = response.fields
        switch response.body {
        case .none: body = []
        case .bytes(let bytes): body = bytes
        case .stream(let length, let produce):
            let collected = Mutex<[UInt8]>([])
            try await produce(ResponseWriter { bytes in collected.withLock { $0 += bytes } })
            body = collected.withLock { $0 }
            if let length, length != UInt64(body.count) {
                throw Fixture.Missing(what: "announced length \(length)")
            }
        }
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Decodes the body's JSON.
    func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body))
    }

    /// The code of a problem document.
    var code: String? {
        guard fields[.contentType] == "application/problem+json" else { return nil }
        return try? json(Code.self).code
    }

    private struct Code: Decodable {
        let code: String
    }
}

extension ProtectionReport {
    /// The report of a picture of which only the class and the hashes matter.
    static func sample(
        label: ClassLabel,
        input: SHA256Digest,
        output: SHA256Digest
    ) -> ProtectionReport {
        ProtectionReport(
            width: 1,
            height: 1,
            mode: .classWise,
            strength: 8,
            clip: true,
            bound: 8,
            maxAbsoluteDifference: 8,
            psnr: 33,
            ssim: 0.9,
            label: label,
            artefactSHA256: "s",
            modelSHA256: "m",
            inputSHA256: input.hex,
            outputSHA256: output.hex,
            inputFormat: "jpeg",
            luminanceOnly: false,
            workingWidth: 1,
            workingHeight: 1
        )
    }
}

extension OfferedModel {
    /// A model of a method without settings of its own.
    static func named(_ name: String) -> OfferedModel {
        guard let name = ModelName(rawValue: name) else { preconditionFailure("a model's name") }
        let sha256 = SHA256.hash(Array(name.rawValue.utf8))
        return OfferedModel(name: name, method: .deepHiding, sha256: sha256)
    }
}
