import JobModel

/// A claim of an image, as the database and the machine that has it know it.
struct Claim {
    /// Whether the database still takes the claim's word.
    enum Standing {
        /// The image is the claimer's.
        case held
        /// The claimer has ended it.
        case ended
        /// The lease ran out, and the image was taken back.
        case lapsed
    }

    /// What the machine has to say.
    enum Outcome {
        case atWork, protected, machineFailed, crashed
    }

    let job: Int
    let number: Int
    let pixels: Int64
    let faults: ImageFaults
    let machine: Int
    let claimedAt: Microseconds
    var leaseUntil: Microseconds
    var standing = Standing.held
    var outcome = Outcome.atWork
    /// The next claim of those that were taken together; -1 after the last.
    var next = -1
    /// The claim's place among those that its machine holds, or among those of dead machines.
    var place = -1
}
