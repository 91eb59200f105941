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
        try db.executeEach(
            sql(where: "id = :image"),
            writes.map { try $0.write.arguments + ["image": $0.image] }
        ).map { $0 == 1 }
    }

    /// Applies the transition to all images in its old state that match a condition.
    ///
    /// - Returns: The number of changed images.
    func execute(
        _ db: any SQLSession,
        where condition: StaticString,
        _ arguments: SQLArguments
    ) throws -> Int {
        try db.execute(Self.sql(where: condition), self.arguments + arguments)
    }

    private var arguments: SQLArguments {
        get throws {
            precondition(transition.takesLease == (lease != nil), "a lease belongs to a claim")
            return [
                "old": transition.old.rawValue, "new": transition.new.rawValue,
                "claims": transition.takesLease ? 1 : 0, "now": now,
                "errors": transition.faults.errors, "crashes": transition.faults.crashes,
                "interruptions": transition.faults.interruptions,
                "fault": fault.map { String($0.prefix(500)) },
                "owner": lease?.owner.description, "until": lease?.until,
                "token": lease.map { $0.token.bytes }, "keeps": keepsToken ? 1 : 0,
                "available": transition.new == .queued ? now + transition.delay.milliseconds : nil,
                "finished": transition.isTerminal ? now : nil,
                "code": transition.failure?.code, "detail": transition.failure?.detail,
                "output": result.map { $0.output.sha256.bytes },
                "size": result.map { Int64(clamping: $0.output.size) },
                "crc32": result.map { Int64($0.crc32) },
                "report": try result.map { try JSONColumn.encode($0.report) },
            ]
        }
    }

    private static func sql(where condition: StaticString) -> String {
        """
        UPDATE images SET state = :new, attempt = attempt + :claims,
            errors = :errors, crashes = :crashes, interruptions = :interruptions,
            last_fault = coalesce(:fault, last_fault), lease_owner = :owner, lease_until = :until,
            claim = CASE WHEN :keeps = 1 THEN claim ELSE :token END,
            available_at = coalesce(:available, available_at),
            started_at = CASE WHEN :claims = 1 THEN coalesce(started_at, :now) ELSE started_at END,
            finished_at = CASE WHEN started_at > :finished THEN started_at ELSE :finished END,
            failure_code = :code, failure_detail = :detail,
            output_sha256 = :output, output_size = :size, output_crc32 = :crc32, report = :report
        WHERE state = :old AND \(condition)
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
