import JobModel
import Queue

/// A key whose images wait, and the first of them, as far as they are read.
struct WaitingKey {
    let tenant: String
    private(set) var images: ArraySlice<WaitingImage>
    private var runningPixels: Int64
    private var share: FairQueue.Share?
    /// Where the reading goes on.
    private(set) var last: WaitingImage
    /// Whether all are read.
    private var isWhole = false

    /// Reads a key, of which this is the first image.
    init(row: SQLRow, first: WaitingImage) throws {
        tenant = try row["tenant"]
        last = first
        images = [first]
        runningPixels = try row["running_pixels"]
        let started: Int64? = try row["started"]
        share = try started.map { try FairQueue.Share(started: $0, finished: row["finished"]) }
    }

    /// Whether no image is known, but there may be more.
    var isUnread: Bool { images.isEmpty && !isWhole }

    /// The key as the queue judges it; `nil` if no image is known.
    var candidate: FairQueue.Candidate? {
        images.first.map {
            FairQueue.Candidate(
                runningPixels: runningPixels,
                share: share,
                turn: $0.turn,
                job: $0.job
            )
        }
    }

    /// Adds the images that follow the last one that was read.
    mutating func add(_ more: [WaitingImage], isEnd: Bool, except taken: Set<Int64>) {
        isWhole = isEnd
        last = more.last ?? last
        images += more.filter { !taken.contains($0.id) }
    }

    /// Notes that some images are taken.
    mutating func remove(_ taken: Set<Int64>, pixels: Int64, share: FairQueue.Share) {
        images = ArraySlice(images.filter { !taken.contains($0.id) })
        runningPixels += pixels
        self.share = share
    }
}
