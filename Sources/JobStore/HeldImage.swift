import GRDB
import JobModel
import Queue

/// A running image whose lease is about to be used: found only if it still belongs to whoever asks.
struct HeldImage {
    let id: Int64
    let job: Int64
    let faults: ImageFaults

    init(row: Row) {
        id = row["id"]
        job = row["job"]
        faults = ImageFaults(row: row)
    }

    static let columns = "id, job, errors, crashes, interruptions"

    /// The image of a claim, unless somebody else has it by now or it is not running any more.
    static func fetch(_ db: Database, _ claim: ClaimedImage) throws -> HeldImage? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT \(columns) FROM images
                    WHERE job = (SELECT seq FROM jobs WHERE id = ?) AND number = ?
                        AND state = 'running' AND lease_owner = ? AND attempt = ?
                    """
            ),
            arguments: [claim.jobID.text, claim.number, claim.owner.description, claim.attempt]
        ).map(HeldImage.init(row:))
    }
}

extension ImageFaults {
    init(row: Row) {
        self.init(errors: row["errors"], crashes: row["crashes"], interruptions: row["interruptions"])
    }
}
