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

    /// Returns the image of a claim, unless it is no longer running or another claim has replaced
    /// this one.
    static func fetch(_ db: any SQLSession, _ claim: ClaimedImage) throws -> HeldImage? {
        try db.row(
            """
            SELECT \(columns) FROM images
            WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                AND state = 'running' AND claim = ?
            """,
            [claim.jobID.text, claim.number, claim.token.bytes]
        ).map(HeldImage.init(row:))
    }

    /// Whether the claim's own worker has already ended it.
    static func hasEnded(_ db: any SQLSession, _ claim: ClaimedImage) throws -> Bool {
        try db.value(
            Bool.self,
            """
            SELECT EXISTS (
                SELECT 1 FROM images WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                    AND state <> 'running' AND claim = ?
            )
            """,
            [claim.jobID.text, claim.number, claim.token.bytes]
        ) ?? false
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
