import Archive
import BlobStorage
import Cryptography
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue

/// A refusal: a status, a stable code and a sentence.
///
/// Every error that reaches a client passes through ``init(_:)``, the only place that maps errors
/// of the lower layers to statuses. No error reveals a path of this machine. Of what the client
/// sent, errors repeat only names, and those in quotable form.
struct APIError: Error, Sendable {
    let status: HTTPResponse.Status
    let code: String
    let detail: String
    /// Additional response fields, such as `Retry-After`.
    var fields = HTTPFields()
    /// The faults of single files in the request, at most ``maxFaults``.
    var faults: [Problem.FileFault] = []
    /// The total number of faulty files.
    var faultsTotal = 0

    /// The most faults that one answer lists.
    static let maxFaults = 100

    /// Creates an error.
    init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ detail: String,
        fields: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields
    }

    /// Maps any error to an answer; an unforeseen one becomes a 500 without details.
    init(_ error: any Error) {
        switch error {
        case let error as APIError:
            self = error
        case let fault as HTTPFault:
            self.init(fault.status, fault.code, fault.detail)
        case let fault as ArchiveFault:
            self.init(
                fault.code == .compressed ? .unsupportedMediaType : .badRequest,
                fault.code.rawValue,
                fault.detail
            )
        case let fault as SettingsFault:
            self.init(.badRequest, fault.code.rawValue, fault.detail)
        case let fault as KeyFault:
            self = .parameterInvalid(fault.member, fault.detail)
        case BlobStorageError.exhausted:
            self = .descriptorsExhausted
        // SQLite reports only that it cannot open the file.
        case StoreError.disk where FileLimit.isExhausted:
            self = .descriptorsExhausted
        case BlobStorageError.noSpace:
            self = .diskLow
        case StoreError.invalidCursor:
            self = .cursorInvalid
        case StoreError.busy, StoreError.unavailable:
            self = .storeDown
        case BlobStorageError.unreachable:
            self = .storageDown
        case StoreError.disk, BlobStorageError.unavailable:
            self = .diskFailed
        default:
            self.init(
                .internalServerError,
                "internal_error",
                "The service met an unexpected error; its log has the details."
            )
        }
    }

    /// Whether the operator must act, rather than the client.
    var isServerFault: Bool {
        status.code >= 500 && status != .serviceUnavailable && code != Self.diskLow.code
    }
}

// MARK: - The errors of this API

extension APIError {
    static let keyMissing = APIError(
        .unauthorized,
        "key_missing",
        "Send the API key as 'Authorization: Bearer KEY', or as the user name of Basic authentication.",
        fields: challenge
    )

    static let keyInvalid = APIError(
        .unauthorized,
        "key_invalid",
        "The API key is not known, has expired or was revoked; ask whoever runs the service for another one.",
        fields: challenge
    )

    private static let challenge: HTTPFields = [
        .wwwAuthenticate: "Bearer realm=\"palimpsest\", Basic realm=\"palimpsest\""
    ]

    /// A key without the required scope; the challenge is that of RFC 6750 section 3.1.
    static func scopeMissing(_ scope: APIKeyScope) -> APIError {
        APIError(
            .forbidden,
            "scope_missing",
            "This request needs an API key with the scope '\(scope.rawValue)', which this one does not have.",
            fields: [
                .wwwAuthenticate:
                    "Bearer realm=\"palimpsest\", error=\"insufficient_scope\", scope=\"\(scope.rawValue)\""
            ]
        )
    }

    static let jobUnknown = APIError(.notFound, "job_unknown", "There is no such job.")

    static let jobExpired = APIError(
        .gone,
        "job_expired",
        "The job has expired; its files were erased."
    )

    static let imageUnknown = APIError(
        .notFound,
        "image_unknown",
        "The job has no image of this number."
    )

    static let classMissing = APIError(
        .badRequest,
        "class_missing",
        "Every image needs a class: add ?class=NAME to the URL, a field 'class' to a form, or a folder in an archive."
    )

    static let jobEmpty = APIError(
        .badRequest,
        "job_empty",
        "The request holds no image; send one as the body, or files in a multipart/form-data form or an archive."
    )

    static let diskLow = APIError(
        .insufficientStorage,
        "disk_low",
        "The service's disk is nearly full; uploads are refused until there is room again.",
        fields: [.retryAfter: "60"]
    )

    static let draining = APIError(
        .serviceUnavailable,
        "draining",
        "The service is stopping.",
        fields: [.retryAfter: "10", .connection: "close"]
    )

    static let storeDown = APIError(
        .serviceUnavailable,
        "store_down",
        "The database does not answer.",
        fields: [.retryAfter: "10"]
    )

    static let storageDown = APIError(
        .serviceUnavailable,
        "store_down",
        "The storage of photos does not answer.",
        fields: [.retryAfter: "10"]
    )

    static let descriptorsExhausted = APIError(
        .serviceUnavailable,
        "descriptors_exhausted",
        "The service has no file descriptor left; try again in a moment.",
        fields: [.retryAfter: "5"]
    )

    static let diskFailed = APIError(
        .insufficientStorage,
        "disk_failed",
        "The service's disk is full or failing, so nothing was changed; tell whoever runs the service.",
        fields: [.retryAfter: "60"]
    )

    static let dataUnwritable = APIError(
        .serviceUnavailable,
        "disk_failed",
        "The service cannot write to its disk; its log says why.",
        fields: [.retryAfter: "10"]
    )

    static let storageMissing = APIError(
        .internalServerError,
        "storage_missing",
        "The file of a protected image is missing from the service's disk, or cut short; its log says which."
    )

    static let cursorInvalid = APIError(
        .badRequest,
        "cursor_invalid",
        "The cursor is not one that this service gave out; leave it out to begin with the first page."
    )

    static let idempotencyKeyReused = APIError(
        .unprocessableContent,
        "idempotency_key_reused",
        "This Idempotency-Key was already used for a different request; send this request with a new key."
    )

    static func parameterInvalid(_ name: String, _ detail: String) -> APIError {
        APIError(.badRequest, "\(name)_invalid", detail)
    }
}
