import JobModel
import Queue

/// Takes images from the queue by `FairQueue`, for one transaction that alone has the queue.
///
/// It reads what waits and notes what is taken. Nothing is written before ``save(_:)``, because
/// jobs are locked in their order, and the queue's order is another one.
struct QueueTurns {
    private var heads: [QueueHead]
    private var latestStart: Int64
    private var taken: [Int64] = []
    private var shares: [String: FairQueue.Share] = [:]
    private let now: Int64

    /// Finds the first image of every key.
    init(_ db: any SQLSession, now: Int64) throws {
        heads = try db.rows(Self.headsSQL, ["now": now]).map(QueueHead.init(row:))
        latestStart = try db.value(Int64.self, "SELECT max(started) FROM fair_shares") ?? 0
        self.now = now
    }

    /// The next image and the small ones of its job that can be claimed with it, in the order of
    /// their numbers; none if no more can be claimed.
    mutating func next(_ db: any SQLSession, limit: Int) throws -> [SQLRow] {
        let queue = FairQueue(latestStart: latestStart)
        guard let place = queue.next(among: heads.map(\.candidate)) else { return [] }
        let head = heads[place]
        let rows = try batch(db, from: head, limit: limit)
        let pixels = try rows.reduce(Int64(0)) { try $0 + $1["pixels"] }
        taken += try rows.map { try $0["id"] }
        let share = queue.share(after: head.candidate.share, taking: pixels)
        shares[head.tenant] = share
        latestStart = max(latestStart, share.started)
        let following = try db.row(followingSQL, ["tenant": head.tenant, "now": now])
        if let following {
            heads[place] = try QueueHead(
                row: following,
                runningPixels: head.candidate.runningPixels + pixels,
                share: share
            )
        } else {
            heads.remove(at: place)
        }
        return rows
    }

    /// Writes what each key was given.
    func save(_ db: any SQLSession) throws {
        for (tenant, share) in shares.sorted(by: { $0.key < $1.key }) {
            try db.execute(
                """
                INSERT INTO fair_shares (tenant, started, finished) VALUES (?, ?, ?)
                ON CONFLICT (tenant) DO UPDATE SET
                    started = excluded.started, finished = excluded.finished
                """,
                [tenant, share.started, share.finished]
            )
        }
    }

    // MARK: - Statements

    /// Does one index lookup per key with waiting images, however many images wait.
    static let headsSQL = """
        WITH RECURSIVE waiting (tenant) AS (
            SELECT min(tenant) FROM images WHERE state = 'queued'
            UNION ALL
            SELECT (SELECT min(tenant) FROM images WHERE state = 'queued' AND tenant > waiting.tenant)
            FROM waiting WHERE waiting.tenant IS NOT NULL
        )
        SELECT waiting.tenant, head.id AS image, head.job, head.turn, fair_shares.started,
            fair_shares.finished, CAST(coalesce((
                SELECT sum(pixels) FROM images WHERE state = 'running' AND tenant = waiting.tenant
            ), 0) AS BIGINT) AS running_pixels
        FROM waiting
        JOIN images AS head ON head.id = (
            SELECT id FROM images
            WHERE state = 'queued' AND tenant = waiting.tenant AND available_at <= :now
            ORDER BY turn, job, number LIMIT 1
        )
        LEFT JOIN fair_shares ON fair_shares.tenant = waiting.tenant
        """

    /// The first image of a key that is not taken.
    private var followingSQL: String {
        """
        SELECT tenant, id AS image, job, turn FROM images
        WHERE state = 'queued' AND tenant = :tenant AND available_at <= :now AND \(notTaken)
        ORDER BY turn, job, number LIMIT 1
        """
    }

    private var notTaken: String {
        "id NOT IN (\(taken.map(String.init).joined(separator: ", ")))"
    }

    private func batch(
        _ db: any SQLSession,
        from head: QueueHead,
        limit: Int
    ) throws -> [SQLRow] {
        let columns = """
            id, job, number, attempt, label, input_sha256, input_size, pixels, errors, crashes,
            interruptions
            """
        let first = try db.row("SELECT \(columns) FROM images WHERE id = ?", [head.image])
        guard let first else { return [] }
        let (bytes, pixels): (Int, Int) = try (first["input_size"], first["pixels"])
        let isSmall = bytes <= ClaimedImage.maxSmallBytes && pixels <= ClaimedImage.maxSmallPixels
        guard isSmall, try !ImageFaults(row: first).isSuspect else { return [first] }
        return try db.rows(
            """
            SELECT \(columns) FROM images
            WHERE job = :job AND state = 'queued' AND available_at <= :now
                AND input_size <= :bytes AND pixels <= :pixels
                AND crashes = 0 AND interruptions = 0\(taken.isEmpty ? "" : " AND \(notTaken)")
            ORDER BY number LIMIT :limit
            """,
            [
                "job": head.job, "now": now, "bytes": ClaimedImage.maxSmallBytes,
                "pixels": ClaimedImage.maxSmallPixels, "limit": limit,
            ]
        )
    }
}
