import GRDB
import JobModel
import Queue

/// The first claimable image of a key's queue.
struct QueueHead {
    let image: Int64
    let job: Int64
    let tenant: String
    let candidate: FairQueue.Candidate

    init(row: Row) {
        image = row["image"]
        job = row["job"]
        tenant = row["tenant"]
        let started: Int64? = row["started"]
        candidate = FairQueue.Candidate(
            runningPixels: row["running_pixels"],
            share: started.map { FairQueue.Share(started: $0, finished: row["finished"]) },
            turn: row["turn"],
            job: row["job"]
        )
    }
}

extension SQLiteStore {
    /// Does one index lookup per key with waiting images, however many images wait.
    static let headsSQL = """
        WITH RECURSIVE waiting (tenant) AS (
            SELECT min(tenant) FROM images WHERE state = 'queued'
            UNION ALL
            SELECT (SELECT min(tenant) FROM images WHERE state = 'queued' AND tenant > waiting.tenant)
            FROM waiting WHERE waiting.tenant IS NOT NULL
        )
        SELECT waiting.tenant, head.id AS image, head.job, head.turn, fair_shares.started, fair_shares.finished,
            coalesce((SELECT sum(pixels) FROM images WHERE state = 'running' AND tenant = waiting.tenant), 0)
                AS running_pixels
        FROM waiting
        JOIN images AS head ON head.id = (
            SELECT id FROM images
            WHERE state = 'queued' AND tenant = waiting.tenant AND available_at <= :now
            ORDER BY turn, job, number LIMIT 1
        )
        LEFT JOIN fair_shares ON fair_shares.tenant = waiting.tenant
        """

    /// Returns the next image by `FairQueue`, or nil if none is claimable.
    static func takeTurn(_ db: Database, now: Int64) throws -> QueueHead? {
        let heads = try Row.fetchAll(db.cachedStatement(sql: headsSQL), arguments: ["now": now])
            .map(QueueHead.init(row:))
        return try fairQueue(db).next(among: heads.map(\.candidate)).map { heads[$0] }
    }

    /// Records the work given to a key.
    static func charge(_ db: Database, _ head: QueueHead, pixels: Int64) throws {
        let share = try fairQueue(db).share(after: head.candidate.share, taking: pixels)
        try db.cachedStatement(
            sql: """
                INSERT INTO fair_shares (tenant, started, finished) VALUES (?, ?, ?)
                ON CONFLICT (tenant) DO UPDATE SET started = excluded.started, finished = excluded.finished
                """
        ).execute(arguments: [head.tenant, share.started, share.finished])
    }

    private static func fairQueue(_ db: Database) throws -> FairQueue {
        let latest = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT max(started) FROM fair_shares")
        )
        return FairQueue(latestStart: latest ?? 0)
    }
}
