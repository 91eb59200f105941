import JobModel
import Queue

/// The first claimable image of a key's queue.
struct QueueHead {
    let image: Int64
    let job: Int64
    let tenant: String
    let candidate: FairQueue.Candidate

    init(row: SQLRow) throws {
        let started: Int64? = try row["started"]
        try self.init(
            row: row,
            runningPixels: row["running_pixels"],
            share: started.map { try FairQueue.Share(started: $0, finished: row["finished"]) }
        )
    }

    init(row: SQLRow, runningPixels: Int64, share: FairQueue.Share?) throws {
        image = try row["image"]
        job = try row["job"]
        tenant = try row["tenant"]
        candidate = try FairQueue.Candidate(
            runningPixels: runningPixels,
            share: share,
            turn: row["turn"],
            job: row["job"]
        )
    }
}
