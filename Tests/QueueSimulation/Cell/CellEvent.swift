/// What happens at a moment in a cell.
enum CellEvent {
    /// The next job is sent.
    case arrival
    /// A client sends its job again.
    case sentAgain(job: Int)
    /// The database answers.
    case answered(life: Int)
    /// A codec has ended a batch; `claim` is its first.
    case codecDone(machine: Int, life: Int, claim: Int)
    /// A machine asks for work again.
    case claimTimer(machine: Int, timer: Int)
    /// A machine has gathered outcomes for long enough, or tries them again.
    case finishTimer(machine: Int, life: Int)
    case heartbeat(machine: Int, life: Int)
    case death(machine: Int, life: Int)
    case replacement(machine: Int)
    /// An image's wait between two attempts is over.
    case delayEnded(Int)
    case rescue
    case look
    case second
    case hint(server: Int)
    case outageBegins
    case outageEnds
}
