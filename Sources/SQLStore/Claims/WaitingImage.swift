import JobModel
import Queue

/// What a claim reads of an image that waits.
struct WaitingImage {
    static let columns = """
        id, job, number, turn, tenant, attempt, available_at, label, input_sha256, input_size,
        pixels, errors, crashes, interruptions
        """

    let id: Int64
    let job: Int64
    let number: Int
    let turn: Int64
    /// How often it was claimed before.
    let attempt: Int
    /// Since when it can be claimed, in milliseconds since 1970.
    let availableAt: Int64
    let label: String
    let input: StoredBlob
    let pixels: Int
    let faults: ImageFaults

    init(row: SQLRow) throws {
        id = try row["id"]
        job = try row["job"]
        number = try row["number"]
        turn = try row["turn"]
        attempt = try row["attempt"]
        availableAt = try row["available_at"]
        label = try row["label"]
        guard let input = try StoredBlob(sha256: row["input_sha256"], size: row["input_size"])
        else {
            throw StoreError.corrupt("a queued image has no file")
        }
        self.input = input
        pixels = try row["pixels"]
        faults = try ImageFaults(row: row)
    }

    /// Whether it can be claimed together with others.
    var isSmall: Bool {
        input.size <= ClaimedImage.maxSmallBytes && pixels <= ClaimedImage.maxSmallPixels
            && !faults.isSuspect
    }
}
