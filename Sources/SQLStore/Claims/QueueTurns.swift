import JobModel
import Queue

/// Takes images from the queue by `FairQueue`, for one transaction that alone has the queue.
///
/// It reads what waits and notes what is taken. Nothing is written before ``save(_:)``, because
/// jobs are locked in their order, and the queue's order is another one.
struct QueueTurns {
    private var keys: [WaitingKey]
    private var latestStart: Int64
    private var taken: Set<Int64> = []
    /// The last small image of each job that is taken.
    private var lastSmall: [Int64: Int] = [:]
    private var shares: [String: FairQueue.Share] = [:]
    private let now: Int64
    private let slots: Int

    /// Finds the first image of every key.
    init(_ db: any SQLSession, now: Int64, slots: Int) throws {
        self.now = now
        self.slots = slots
        let rows = try db.rowsOfEach(Self.keysSQL, [["now": now]]).joined()
        latestStart = try rows.first?["latest"] ?? 0
        let heads: [Int64] = try rows.compactMap { try $0["head"] }
        var table = SQLTable("head", [.init("image", .integer)])
        for head in heads { table.add([head]) }
        let images = try db.rows(of: table) { source in
            """
            SELECT \(WaitingImage.columns) FROM \(source) JOIN images ON images.id = head.image
            """
        }.map(WaitingImage.init(row:))
        let first = Dictionary(images.map { ($0.id, $0) }) { one, _ in one }
        keys = try rows.compactMap { row in
            let head: Int64? = try row["head"]
            return try head.flatMap { first[$0] }.map { try WaitingKey(row: row, first: $0) }
        }
        if slots > 1 { try read(db, favourites) }
    }

    /// The next image and the small ones of its job that can be claimed with it, in the order of
    /// their numbers; none if no more can be claimed.
    mutating func next(_ db: any SQLSession, limit: Int) throws -> [WaitingImage] {
        var unread = keys.indices.filter { keys[$0].isUnread }
        while !unread.isEmpty {
            try read(db, unread)
            unread.removeAll { !keys[$0].isUnread }
        }
        keys.removeAll { $0.images.isEmpty }
        let queue = FairQueue(latestStart: latestStart)
        guard let place = queue.next(among: keys.compactMap(\.candidate)),
            let first = keys[place].images.first, let candidate = keys[place].candidate
        else { return [] }
        let images = first.isSmall ? try small(db, with: first, limit: limit) : [first]
        let pixels = images.reduce(Int64(0)) { $0 + Int64($1.pixels) }
        let share = queue.share(after: candidate.share, taking: pixels)
        taken.formUnion(images.map(\.id))
        keys[place].remove(taken, pixels: pixels, share: share)
        shares[keys[place].tenant] = share
        latestStart = max(latestStart, share.started)
        return images
    }

    /// Writes what each key was given.
    func save(_ db: any SQLSession) throws {
        var table = SQLTable(
            "share",
            [.init("tenant", .text), .init("started", .integer), .init("finished", .integer)]
        )
        for (tenant, share) in shares.sorted(by: { $0.key < $1.key }) {
            table.add([tenant, share.started, share.finished])
        }
        try db.executeLater(table) { source in
            """
            INSERT INTO fair_shares (tenant, started, finished)
            SELECT share.tenant, share.started, share.finished FROM \(source) WHERE true
            ON CONFLICT (tenant) DO UPDATE SET
                started = excluded.started, finished = excluded.finished
            """
        }
    }

    // MARK: - Reading

    /// The keys that are served first if each gives one image.
    private var favourites: [Int] {
        let queue = FairQueue(latestStart: latestStart)
        var places = Array(keys.indices)
        var first: [Int] = []
        while first.count < slots,
            let next = queue.next(among: places.compactMap { keys[$0].candidate })
        {
            first.append(places.remove(at: next))
        }
        return first
    }

    /// Reads the next images of some keys, all at once.
    private mutating func read(_ db: any SQLSession, _ places: [Int]) throws {
        guard !places.isEmpty else { return }
        // Some of them may be taken, as small ones of their job.
        let count = max(slots / places.count, 1) + 1 + min(taken.count, ClaimedImage.maxTogether)
        let answers = try db.rowsOfEach(
            Self.followingSQL,
            places.map { place in
                let last = keys[place].last
                return [
                    "tenant": keys[place].tenant, "now": now, "turn": last.turn, "job": last.job,
                    "number": last.number, "count": count,
                ]
            }
        )
        for (place, rows) in zip(places, answers) {
            let images = try rows.map(WaitingImage.init(row:))
            keys[place].add(images, isEnd: images.count < count, except: taken)
        }
    }

    /// The small images of a job that are not taken, of which the first is one.
    private mutating func small(
        _ db: any SQLSession,
        with first: WaitingImage,
        limit: Int
    ) throws -> [WaitingImage] {
        let images = try db.rowsOfEach(
            Self.smallSQL,
            [
                [
                    "job": first.job, "after": lastSmall[first.job] ?? 0, "now": now,
                    "bytes": ClaimedImage.maxSmallBytes, "pixels": ClaimedImage.maxSmallPixels,
                    "limit": limit,
                ]
            ]
        ).joined().map(WaitingImage.init(row:))
        lastSmall[first.job] = images.last?.number
        return images
    }

    // MARK: - Statements

    /// Does some index lookups per key with waiting images, however many images wait.
    static let keysSQL = """
        WITH RECURSIVE waiting (tenant) AS (
            SELECT min(tenant) FROM images WHERE state = 'queued'
            UNION ALL
            SELECT (SELECT min(tenant) FROM images WHERE state = 'queued' AND tenant > waiting.tenant)
            FROM waiting WHERE waiting.tenant IS NOT NULL
        )
        SELECT waiting.tenant, fair_shares.started, fair_shares.finished, (
            SELECT id FROM images
            WHERE state = 'queued' AND tenant = waiting.tenant AND available_at <= :now
            ORDER BY turn, job, number LIMIT 1
        ) AS head, CAST(coalesce((
            SELECT sum(pixels) FROM images WHERE state = 'running' AND tenant = waiting.tenant
        ), 0) AS BIGINT) AS running_pixels, (SELECT max(started) FROM fair_shares) AS latest
        FROM waiting LEFT JOIN fair_shares ON fair_shares.tenant = waiting.tenant
        WHERE waiting.tenant IS NOT NULL
        """

    /// The images of a key after one of them.
    static let followingSQL = """
        SELECT \(WaitingImage.columns) FROM images
        WHERE state = 'queued' AND tenant = :tenant AND available_at <= :now
            AND (turn, job, number) > (:turn, :job, :number)
        ORDER BY turn, job, number LIMIT :count
        """

    static let smallSQL = """
        SELECT \(WaitingImage.columns) FROM images
        WHERE job = :job AND state = 'queued' AND number > :after AND available_at <= :now
            AND input_size <= :bytes AND pixels <= :pixels AND crashes = 0 AND interruptions = 0
        ORDER BY number LIMIT :limit
        """
}
