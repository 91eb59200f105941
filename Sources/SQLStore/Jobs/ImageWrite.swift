import Cryptography
import FoundationEssentials
import JobModel
import Queue

/// The only statement that changes the states of images: it applies the result of
/// ``RetryRule/transition(of:after:on:)``.
///
/// A trigger of the schema rejects every step that `ImageState.canBecome` rejects.
struct ImageWrite {
    /// The picture of a protected image.
    struct Result {
        let output: StoredBlob
        let crc32: UInt32
        let report: ProtectionReport
    }

    /// Who holds the image from now on.
    struct Lease {
        let owner: WorkerOwner
        let token: ClaimToken
        let until: Int64
    }

    let transition: ImageTransition
    let now: Int64
    /// Why the attempt ended, for the operator; `nil` keeps the previous text.
    var fault: String?
    /// Required if the transition leads to `done`; otherwise nil.
    var result: Result?
    /// Required if the transition leads to `running`; otherwise nil.
    var lease: Lease?
    /// Whether to keep the claim's token, so that a repeated answer of the claim's own worker is
    /// recognized.
    var keepsToken = false

    /// Applies transitions, each to its image.
    ///
    /// - Returns: For each whether its image was in the transition's old state, and has changed.
    static func execute(
        _ db: any SQLSession,
        _ writes: [(write: ImageWrite, image: Int64)]
    ) throws -> [Bool] {
        var table = SQLTable("step", [.init("image", .integer)] + columns)
        for (write, image) in writes { table.add([image] + (try write.values)) }
        let changed = try db.rows(of: table) { source in
            """
            UPDATE images SET \(assignments { "step.\($0)" }) FROM \(source)
            WHERE images.id = step.image AND images.state = step.old RETURNING images.id
            """
        }
        let images = try Set(changed.map { try $0["id"] as Int64 })
        return writes.map { images.contains($0.image) }
    }

    /// Applies the transition to all images in its old state that match a condition.
    ///
    /// - Returns: The number of changed images.
    func execute(
        _ db: any SQLSession,
        where condition: StaticString,
        _ arguments: SQLArguments
    ) throws -> Int {
        let names = Self.columns.map(\.name)
        let values = SQLArguments.named(
            Dictionary(zip(names, try values.map { $0?.sqlValue ?? .null })) { first, _ in first }
        )
        return try db.execute(
            """
            UPDATE images SET \(Self.assignments { ":\($0)" })
            WHERE state = :old AND \(condition)
            """,
            values + arguments
        )
    }

    private static let columns: [SQLTable.Column] = [
        .init("old", .text), .init("new", .text), .init("claims", .integer),
        .init("now", .integer), .init("errors", .integer), .init("crashes", .integer),
        .init("interruptions", .integer), .init("fault", .text), .init("owner", .text),
        .init("until", .integer), .init("token", .blob), .init("keeps", .integer),
        .init("available", .integer), .init("finished", .integer), .init("code", .text),
        .init("detail", .text), .init("output", .blob), .init("size", .integer),
        .init("crc32", .integer), .init("report", .text),
    ]

    /// The values of ``columns``.
    private var values: [(any SQLConvertible)?] {
        get throws {
            precondition(transition.takesLease == (lease != nil), "a lease belongs to a claim")
            return [
                transition.old.rawValue, transition.new.rawValue,
                transition.takesLease ? 1 : 0, now,
                transition.faults.errors, transition.faults.crashes,
                transition.faults.interruptions,
                fault.map { String($0.prefix(500)) },
                lease?.owner.description, lease?.until,
                lease.map { $0.token.bytes }, keepsToken ? 1 : 0,
                transition.new == .queued ? now + transition.delay.milliseconds : nil,
                transition.isTerminal ? now : nil,
                transition.failure?.code, transition.failure?.detail,
                result.map { $0.output.sha256.bytes },
                result.map { Int64(clamping: $0.output.size) },
                result.map { Int64($0.crc32) },
                try result.map { try JSONColumn.encode($0.report) },
            ]
        }
    }

    /// What a statement sets, given how it writes the value of a column.
    private static func assignments(_ value: (String) -> String) -> String {
        """
        state = \(value("new")), attempt = images.attempt + \(value("claims")),
            errors = \(value("errors")), crashes = \(value("crashes")),
            interruptions = \(value("interruptions")),
            last_fault = coalesce(\(value("fault")), images.last_fault),
            lease_owner = \(value("owner")), lease_until = \(value("until")),
            claim = CASE WHEN \(value("keeps")) = 1 THEN images.claim ELSE \(value("token")) END,
            available_at = coalesce(\(value("available")), images.available_at),
            started_at = CASE WHEN \(value("claims")) = 1
                THEN coalesce(images.started_at, \(value("now"))) ELSE images.started_at END,
            finished_at = CASE WHEN images.started_at > \(value("finished"))
                THEN images.started_at ELSE \(value("finished")) END,
            failure_code = \(value("code")), failure_detail = \(value("detail")),
            output_sha256 = \(value("output")), output_size = \(value("size")),
            output_crc32 = \(value("crc32")), report = \(value("report"))
        """
    }
}

extension SQLStore {
    /// What an event makes of a running image; `byWorker` tells whether its own worker reported it.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if the rule does not allow the event, and errors of the
    ///   report's encoding.
    func write(
        _ image: HeldImage,
        _ event: ImageEvent,
        now time: Int64,
        fault: String? = nil,
        result: ImageWrite.Result? = nil,
        byWorker: Bool = false
    ) throws -> ImageWrite {
        guard let transition = rule.transition(of: .running, after: image.faults, on: event) else {
            throw StoreError.corrupt("an image that is running cannot be \(event)")
        }
        return ImageWrite(
            transition: transition,
            now: time,
            fault: fault,
            result: result,
            keepsToken: byWorker
        )
    }

    /// Applies what becomes of running images.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` if one is not running, and errors of the database.
    func take(
        _ db: any SQLSession,
        _ writes: [(image: HeldImage, write: ImageWrite)],
        _ ledger: inout JobLedger
    ) throws {
        let written = try ImageWrite.execute(db, writes.map { ($0.write, $0.image.id) })
        guard written.allSatisfy(\.self) else {
            throw StoreError.corrupt("an image is not in the state that was read")
        }
        for (image, write) in writes { ledger.note(job: image.job, write.transition) }
    }

    /// Applies an event to every image of a job for which it is allowed, or to the one with a
    /// number; the others do not change.
    ///
    /// Images without a file, which were refused on receipt, are skipped: there is nothing to
    /// retry.
    func takeAll(
        _ db: any SQLSession,
        job: Int64,
        image number: Int? = nil,
        _ event: ImageEvent,
        now time: Int64,
        _ ledger: inout JobLedger
    ) throws {
        let groups = try db.rows(
            """
            SELECT DISTINCT state, errors, crashes, interruptions FROM images
            WHERE job = ? AND input_sha256 IS NOT NULL AND number = coalesce(?, number)
            """,
            [job, number]
        )
        for group in groups {
            guard let state = try ImageState(rawValue: group["state"]) else {
                throw damaged("image state")
            }
            let faults = try ImageFaults(row: group)
            guard let transition = rule.transition(of: state, after: faults, on: event) else {
                continue
            }
            let count = try ImageWrite(transition: transition, now: time).execute(
                db,
                where: """
                    job = :job AND input_sha256 IS NOT NULL AND number = coalesce(:number, number)
                    AND (images.errors, images.crashes, images.interruptions)
                        = (:olderrors, :oldcrashes, :oldinterruptions)
                    """,
                [
                    "job": job, "number": number, "olderrors": faults.errors,
                    "oldcrashes": faults.crashes,
                    "oldinterruptions": faults.interruptions,
                ]
            )
            ledger.note(job: job, transition, count: count)
        }
    }
}
