import Queue

/// A failure of PostgreSQL or of the way to it.
struct PostgresFault: Error, Equatable {
    /// The five characters of the SQLSTATE (PostgreSQL's manual, appendix A); `nil` without an
    /// answer.
    let state: String?
    /// The server's or libpq's words, in one line.
    let message: String
    /// Whether the connection is lost.
    let isLost: Bool

    /// Whether the same transaction may succeed if it is run again at once.
    ///
    /// Serialization failure, deadlock, and a lock that was waited for too long. A row that another
    /// transaction refers to, or whose referent it took away, is seen when it runs again.
    var isTransient: Bool {
        ["40001", "40P01", "55P03", "23503"].contains(state) || isOfOtherStatements
    }

    /// Whether the statements that the server keeps for this connection are not those that it made.
    ///
    /// A newer node has added a column, or a pooler has given the connection another session. New
    /// connections have no such statements.
    var isOfOtherStatements: Bool { ["0A000", "26000", "42P05"].contains(state) }

    /// Whether the server cannot serve now, but may later.
    var isOutage: Bool {
        if isLost { return true }
        guard let state else { return false }
        // Connections, too many of them, a shutdown, a crash, a start, and a standby.
        return state.hasPrefix("08") || state.hasPrefix("57P") || state == "53300"
            || state == "25006"
    }

    /// How the use of a connection that ended by it is counted.
    var outcome: DatabaseLink.Outcome {
        if isOutage { return .lost }
        return isTransient ? .conflict : .failed
    }

    /// What a caller of the store gets.
    var storeError: StoreError {
        if isOutage { return .unavailable(message) }
        switch state {
        case "53100", "58030": return .disk(message)
        // A statement that took too long, and conflicts that were met each time.
        case "57014", "40001", "40P01", "55P03": return .busy
        // Memory and other things of which the server has none left.
        case let state? where state.hasPrefix("53"): return .busy
        case "XX001", "XX002": return .corrupt(message)
        default: return .database(code: state ?? "unknown", message: message)
        }
    }
}
