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
        try db.rowsOfEach(
            """
            SELECT \(columns), state FROM images
            WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ? AND claim = ?
            """,
            claims.map { [$0.jobID.text, $0.number, $0.token.bytes] }
        ).map { rows in
            guard let row = rows.first else { return .lost }
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
