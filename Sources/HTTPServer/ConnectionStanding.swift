/// What a connection that could be given up for another one is doing; the first is given up before the next.
enum ConnectionStanding: Int, Sendable, Comparable {
    /// It has been served, and the next request has not begun.
    case idle
    /// Its last answer has left; its end, or the unread rest of its request, is awaited.
    case ending
    /// Its first or next request is on its way, or the greetings of TLS.
    case arriving
    /// An answer that belongs to nobody's share is on its way.
    case leaving
    /// A request is under way, or an answer that belongs to somebody's share; it is not given up.
    case serving

    static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}
