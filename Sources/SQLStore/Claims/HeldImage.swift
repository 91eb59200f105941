import JobModel
import Queue

/// A running image that is still held by the claim that asks for it.
struct HeldImage {
    let id: Int64
    let job: Int64
    let faults: ImageFaults

    init(row: SQLRow) throws {
        id = try row["id"]
        job = try row["job"]
        faults = try ImageFaults(row: row)
    }

    static let columns = "id, job, errors, crashes, interruptions"

    /// What became of a claim.
    enum Claimed {
        /// It holds its image.
        case held(HeldImage)
        /// Its own worker has ended it.
        case ended
        /// Somebody else has ended it, or has claimed the image anew.
        case lost
    }

    /// Returns what became of claims.
    static func fetch(_ db: any SQLSession, _ claims: [ClaimedImage]) throws -> [Claimed] {
        var table = SQLTable(
            "asked",
            [
                .init("place", .integer), .init("jobid", .text), .init("which", .integer),
                .init("token", .blob),
            ]
        )
        for (place, claim) in claims.enumerated() {
            table.add([place, claim.jobID.text, claim.number, claim.token.bytes])
        }
        let rows = try db.rows(of: table) { source in
            """
            SELECT asked.place, images.id, images.job, images.errors, images.crashes,
                images.interruptions, images.state
            FROM \(source) JOIN jobs ON jobs.id = asked.jobid
                JOIN images ON images.job = jobs.seq AND images.number = asked.which
            WHERE images.claim = asked.token
            """
        }
        let found = try Dictionary(rows.map { (try $0["place"] as Int, $0) }) { first, _ in first }
        return try claims.indices.map { place in
            guard let row = found[place] else { return .lost }
            guard try row["state"] == ImageState.running.rawValue else { return .ended }
            return .held(try HeldImage(row: row))
        }
    }
}

extension ImageFaults {
    init(row: SQLRow) throws {
        try self.init(
            errors: row["errors"],
            crashes: row["crashes"],
            interruptions: row["interruptions"]
        )
    }
}
