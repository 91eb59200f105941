/// A machine with its codecs: what it holds, and whom it waits for.
struct Machine {
    /// How a machine stands with its next claim.
    enum Claiming {
        /// Nothing is asked for: every codec works, or the machine is dead.
        case ready
        /// A claim is on its way.
        case asked
        /// The last claim brought less than was asked for.
        case idle
        /// The last claim failed.
        case failed
    }

    /// How a machine stands with the outcomes that it gathers.
    enum Finishing {
        /// There are none.
        case ready
        /// It waits for more of them.
        case gathering
        /// Some are on their way.
        case asked
        /// The database did not take them.
        case failed
    }

    var isAlive = true
    /// Counts its deaths, so that nothing of an earlier life is taken for one of this.
    var life = 0
    var freeCodecs: Int
    /// The claims that it holds, from the database's answer to its last word.
    var held: [Int] = []

    var claiming = Claiming.ready
    /// Whether a codec became free while a claim was on its way.
    var wantsClaim = false
    /// Tells the timer that counts from those that were set before.
    var claimTimer = 0
    var idleDelay: Microseconds
    var claimFaultDelay: Microseconds
    /// The first claims of the batches that the database has given, until the answer is there.
    var answer: [Int] = []

    var finishing = Finishing.ready
    /// The claims that it wants to end.
    var outcomes: [Int] = []
    /// How many of them are on their way.
    var sent = 0
    var finishFaultDelay: Microseconds
    var finishFailedSince: Microseconds?

    init(codecs: Int, timing: Timing) {
        freeCodecs = codecs
        idleDelay = timing.firstPoll
        claimFaultDelay = timing.firstFaultDelay
        finishFaultDelay = timing.firstFaultDelay
    }
}
