/// What a node knows of its way to a database that it shares with others.
public struct DatabaseLink: Sendable, Equatable {
    /// What came of a transaction, or of a statement on its own.
    public enum Outcome: String, Sendable, CaseIterable {
        /// It was answered.
        case done
        /// It met another one, and was run again or given up.
        case conflict
        /// The database did not answer, or said that it cannot serve now.
        case lost
        /// It was refused for another reason.
        case failed
    }

    /// Connections that are in use.
    public var busy = 0
    /// Connections that are open and wait for use.
    public var idle = 0
    /// The most connections for transactions.
    public let limit: Int
    /// What came of all transactions since the start.
    public var transactions: [Outcome: Int] = [:]
    /// How long they took together, in seconds.
    public var seconds = 0.0
    /// How long ago the database last answered.
    public var silence: Duration = .zero
    /// How far the database's clock is ahead of this machine's.
    public var clockOffset: Duration = .zero
    /// Whether a connection hears the hints of other nodes.
    public var isListening = false
    /// How many hints were sent, by what they are about.
    public var hintsSent: [String: Int] = [:]
    /// How many hints were heard, this node's own among them, by what they are about.
    public var hintsHeard: [String: Int] = [:]
    /// How often the jobs that clients wait for were looked at, since hints may be lost.
    public var looks = 0

    /// A link that was not used yet.
    ///
    /// - Parameter limit: The most connections for transactions.
    public init(limit: Int) { self.limit = limit }
}
