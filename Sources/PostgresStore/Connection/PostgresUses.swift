import Queue

/// What has come of the uses of a pool's connections.
struct PostgresUses {
    private var transactions: [DatabaseLink.Outcome: Int] = [:]
    private var seconds = 0.0
    private var lastAnswer = ContinuousClock.now
    /// The connections that are in use.
    var busy = 0

    /// Counts a use that has ended.
    mutating func count(_ outcome: DatabaseLink.Outcome, since begin: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        transactions[outcome, default: 0] += 1
        seconds += (now - begin) / .seconds(1)
        if outcome != .lost { lastAnswer = now }
    }

    /// The counts, those of outcomes that never were among them.
    func link(idle: Int, limit: Int) -> DatabaseLink {
        var link = DatabaseLink(limit: limit)
        link.busy = busy
        link.idle = idle
        for outcome in DatabaseLink.Outcome.allCases {
            link.transactions[outcome] = transactions[outcome] ?? 0
        }
        link.seconds = seconds
        link.silence = ContinuousClock.now - lastAnswer
        return link
    }
}
