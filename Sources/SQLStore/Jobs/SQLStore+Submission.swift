import Cryptography
import FoundationEssentials
import JobModel
package import Queue

extension SQLStore {
    /// Creates a job with its images.
    public func createJob(
        _ new: NewJob,
        images: [NewImage]
    ) async throws(StoreError) -> JobSubmission {
        guard !images.isEmpty else { throw .noImages }
        precondition(
            images.allSatisfy { $0.label != nil || $0.content.isRefused },
            "what is stored has a class"
        )
        let id = JobIdentifier.random()
        let submission = try await write { [self] db in
            try db.lock(.tenant(new.tenant.text))
            if db.isRepeated, let job = try Self.job(db, id, tenant: new.tenant) {
                return JobSubmission.created(job)
            }
            if let earlier = try earlierSubmission(db, new) { return earlier }
            if let refusal = try refusal(db, of: new, images) { return refusal }
            let accepted =
                new.protectsAgain
                ? images : try ProtectedPictures.refusing(images, of: new.tenant, db)
            return JobSubmission.created(try insertJob(db, new, accepted, as: id))
        }
        if case .created(let job) = submission, job.counts.queued > 0 { wakeWorkers() }
        return submission
    }

    /// Returns what the same request created before.
    ///
    /// If that job has expired, deletes the record and returns nil.
    private func earlierSubmission(_ db: any SQLSession, _ new: NewJob) throws -> JobSubmission? {
        guard let idempotency = new.idempotency,
            let row = try db.row(
                """
                SELECT jobs.*, idempotency.fingerprint FROM idempotency JOIN jobs ON jobs.seq = idempotency.job
                WHERE idempotency.tenant = ? AND idempotency.key = ?
                """,
                [new.tenant.text, idempotency.key]
            )
        else { return nil }
        let job = try Job(row: row)
        guard job.expiredAt == nil, (job.expiresAt ?? .max) > (try db.now) else {
            try db.execute(
                "DELETE FROM idempotency WHERE tenant = ? AND key = ?",
                [new.tenant.text, idempotency.key]
            )
            return nil
        }
        let known = ([idempotency.fingerprint] + idempotency.earlierFingerprints).map {
            $0.bytes
        }
        guard known.contains(try row["fingerprint"]) else { return .conflict }
        return .replayed(job)
    }

    private func insertJob(
        _ db: any SQLSession,
        _ new: NewJob,
        _ images: [NewImage],
        as id: JobIdentifier
    ) throws -> Job {
        let time = try db.now
        var counts = JobCounts()
        for image in images {
            switch image.content {
            case .stored: counts.queued += 1
            case .refused: counts.failed += 1
            }
        }
        let labels = Set(images.compactMap(\.label)).sorted { $0.text < $1.text }
        for label in labels { try assign(db, tenant: new.tenant.text, label: label.text) }
        let isFinished = counts.state.isTerminal
        let retention = max(new.retention.milliseconds, 0)
        let job = Job(
            id: id,
            tenant: new.tenant,
            state: counts.state,
            settings: new.settings,
            attachments: new.attachments,
            priority: new.priority,
            turn: new.priority.turn(ofJobCreatedAt: time),
            pixels: images.reduce(0) { $0 + Int64($1.pixels) },
            counts: counts,
            createdAt: time,
            startedAt: counts.state == .queued ? nil : time,
            finishedAt: isFinished ? time : nil,
            expiresAt: isFinished ? time + retention : nil,
            expiredAt: nil,
            classes: Array(ClassCount.of(images.compactMap(\.label)).prefix(ClassCount.maxListed)),
            passedOver: new.passedOver.total > 0 ? new.passedOver : nil
        )
        let seq = try db.value(
            Int64.self,
            """
            INSERT INTO jobs (id, tenant, state, settings, priority, turn, pixels, queued_count, running_count,
                done_count, failed_count, quarantined_count, cancelled_count, retention_ms, created_at, started_at,
                finished_at, expires_at, previews, recovery_key, recovery_source, classes, passed_over,
                failed_endings)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            RETURNING seq
            """,
            [
                job.id.text, job.tenant.text, job.state.rawValue,
                try JSONColumn.encode(job.settings),
                job.priority.rawValue, job.turn, job.pixels, counts.queued, counts.failed,
                retention, time,
                job.startedAt, job.finishedAt, job.expiresAt, new.attachments.previews,
                new.attachments.recovery.map { $0.publicKey.bytes },
                new.attachments.recovery?.source.text,
                try JSONColumn.encode(job.classes),
                try job.passedOver.map { try JSONColumn.encode($0) },
                counts.failed,
            ]
        )
        guard let seq else { throw damaged("job") }
        try Self.settleClasses(db, job: seq, tenant: job.tenant, labels: labels)
        try insertImages(db, images, of: job, seq: seq, time: time)
        if let idempotency = new.idempotency {
            try db.execute(
                """
                INSERT INTO idempotency (tenant, key, fingerprint, job, created_at) \
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    new.tenant.text, idempotency.key, idempotency.fingerprint.bytes, seq,
                    time,
                ]
            )
        }
        return job
    }

    private func insertImages(
        _ db: any SQLSession,
        _ images: [NewImage],
        of job: Job,
        seq: Int64,
        time: Int64
    ) throws {
        let statement = """
            INSERT INTO images (job, number, tenant, turn, pixels, label, name, source, state, input_sha256,
                input_size, available_at, failure_code, failure_detail, finished_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """
        var names = OutputNames()
        // Images without a class are in no folder of the archive, so their names need only be
        // unique among themselves.
        var namesWithoutClass = OutputNames()
        let noFolder = try ClassLabel("-")
        let rows = images.enumerated().map { index, image in
            let name =
                image.label.map { names.take(image.name, in: $0) }
                ?? namesWithoutClass.take(image.name, in: noFolder)
            var arguments: SQLArguments = [
                seq, index + 1, job.tenant.text, job.turn, image.pixels,
                image.label?.text ?? LabelColumn.noClass,
                name.base, image.source,
            ]
            switch image.content {
            case .stored(let blob):
                arguments =
                    arguments + [
                        ImageState.queued.rawValue, blob.sha256.bytes, Int64(clamping: blob.size),
                        time, nil, nil,
                        nil,
                    ]
            case .refused(let failure):
                arguments =
                    arguments + [
                        ImageState.failed.rawValue, nil, nil, time, failure.code, failure.detail,
                        time,
                    ]
            }
            return arguments
        }
        try db.executeLater(statement, rows)
    }
}
