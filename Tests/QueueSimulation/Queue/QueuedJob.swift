import JobModel

/// A job with images that have not ended.
struct QueuedJob {
    /// An image that came back into the queue.
    struct Returned {
        let number: Int
        let faults: ImageFaults
    }

    let sent: SentJob
    /// The number of the row, which orders jobs of one turn.
    let sequence: Int64
    let turn: Int64
    /// Whether its tenant had no other image queued or running when it came.
    let cameAlone: Bool
    /// The first number that nobody has claimed yet.
    var fresh = 1
    /// The images that came back, by number, all below ``fresh``.
    var returned: [Returned] = []
    /// How many images have not ended.
    var unfinished: Int

    /// Whether an image can be claimed now.
    var hasWork: Bool { fresh <= sent.images || !returned.isEmpty }

    /// Removes and returns the image that is claimed next.
    ///
    /// - Parameter together: Whether it is claimed together with others, as no suspect is.
    /// - Returns: The image; `nil` if there is none.
    mutating func take(together: Bool) -> Returned? {
        if let place = returned.firstIndex(where: { !together || !$0.faults.isSuspect }) {
            return returned.remove(at: place)
        }
        guard fresh <= sent.images else { return nil }
        defer { fresh += 1 }
        return Returned(number: fresh, faults: ImageFaults())
    }

    /// Puts an image back into its place.
    mutating func giveBack(_ image: Returned) {
        let place = returned.firstIndex { $0.number > image.number } ?? returned.count
        returned.insert(image, at: place)
    }
}
