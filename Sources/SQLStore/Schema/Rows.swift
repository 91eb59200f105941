import Cryptography
import FoundationEssentials
import JobModel
import Queue

/// Returns the error for a value that no version of this program can have written.
func damaged(_ what: String) -> StoreError {
    .corrupt("a row holds no legal \(what)")
}

extension APIKey {
    init(row: SQLRow) throws {
        guard let id = try APIKeyID(row["id"] as String) else { throw damaged("key identifier") }
        let words: String = try row["scopes"]
        try self.init(
            id: id,
            name: row["name"],
            scopes: Set(
                words.split(separator: " ").compactMap { APIKeyScope(rawValue: String($0)) }
            ),
            quotas: APIKeyQuotas(
                imagesQueued: row["quota_images_queued"],
                bytesQueued: row["quota_bytes_queued"],
                jobsPerMinute: row["quota_jobs_per_minute"]
            ),
            prefix: row["prefix"],
            createdAt: row["created_at"],
            expiresAt: row["expires_at"],
            lastUsedAt: row["last_used_at"],
            revokedAt: row["revoked_at"]
        )
    }
}

extension ClassSummary {
    init(row: SQLRow) throws {
        guard let tenant = try APIKeyID(row["tenant"] as String) else {
            throw damaged("key identifier")
        }
        let semanticImage: SemanticImage
        if let count = try row["count"] as Int? {
            semanticImage = .imported(count: count)
        } else {
            semanticImage = try .generated(
                version: row["generator_version"],
                index: row["class_index"]
            )
        }
        try self.init(
            label: ClassLabel(row["label"]),
            tenant: tenant,
            tenantName: row["name"],
            semanticImage: semanticImage
        )
    }
}

extension JobCounts {
    init(row: SQLRow) throws {
        try self.init(
            queued: row["queued_count"],
            running: row["running_count"],
            done: row["done_count"],
            failed: row["failed_count"],
            quarantined: row["quarantined_count"],
            cancelled: row["cancelled_count"]
        )
    }
}

extension Job {
    init(row: SQLRow) throws {
        guard let id = try JobIdentifier(row["id"] as String),
            let tenant = try APIKeyID(row["tenant"] as String),
            let state = try JobState(rawValue: row["state"]),
            let priority = try JobPriority(rawValue: row["priority"])
        else { throw damaged("job") }
        try self.init(
            id: id,
            tenant: tenant,
            state: state,
            settings: JSONColumn.decode(ProtectionSettings.self, row["settings"]),
            attachments: AttachmentRequest(row: row),
            priority: priority,
            turn: row["turn"],
            pixels: row["pixels"],
            counts: JobCounts(row: row),
            createdAt: row["created_at"],
            startedAt: row["started_at"],
            finishedAt: row["finished_at"],
            expiresAt: row["expires_at"],
            expiredAt: row["expired_at"],
            classes: try (row["classes"] as String?).map {
                try JSONColumn.decode([ClassCount].self, $0)
            },
            passedOver: try (row["passed_over"] as String?).map {
                try JSONColumn.decode(PassedOver.self, $0)
            }
        )
    }
}

extension JobImage {
    init(row: SQLRow) throws {
        guard let state = try ImageState(rawValue: row["state"]) else {
            throw damaged("image state")
        }
        let label: String = try row["label"]
        let failureCode: String? = try row["failure_code"]
        let reportText: String? = try row["report"]
        let crc: UInt32? = try row["output_crc32"]
        try self.init(
            number: row["number"],
            label: label == LabelColumn.noClass ? nil : try ClassLabel(label),
            source: row["source"],
            name: row["name"],
            state: state,
            input: StoredBlob(sha256: row["input_sha256"], size: row["input_size"]),
            output: StoredBlob(sha256: row["output_sha256"], size: row["output_size"]),
            outputCRC32: crc,
            report: try reportText.map { try JSONColumn.decode(ProtectionReport.self, $0) },
            failure: failureCode.map {
                try ImageFailure(code: $0, detail: row["failure_detail"] ?? "")
            },
            attempt: row["attempt"],
            startedAt: row["started_at"],
            finishedAt: row["finished_at"]
        )
    }
}

extension StoredBlob {
    init?(sha256: [UInt8]?, size: Int64?) throws {
        guard let sha256, let size else { return nil }
        self.init(sha256: try SHA256Digest(column: sha256), size: UInt64(clamping: size))
    }
}

extension SHA256Digest {
    init(column: [UInt8]) throws {
        guard let digest = SHA256Digest(bytes: column) else { throw damaged("hash") }
        self = digest
    }
}

/// The column `label` of an image.
enum LabelColumn {
    /// The value for an image without a class, which was refused.
    static let noClass = ""
}

/// Values stored as JSON text, with sorted keys so that equal values have equal texts.
enum JSONColumn {
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var milliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }
}
