/// What an evictable connection is doing; earlier cases are evicted first.
enum ConnectionStanding: Int, Sendable, Comparable {
    /// It has served a request, and the next one has not begun.
    case idle
    /// Its last response has been sent; the peer's end, or the unread rest of the request, is
    /// pending.
    case ending
    /// A request or the TLS handshake is arriving.
    case arriving
    /// A response without a permit is being sent.
    case leaving
    /// A request is under way, or a response with a permit is being sent; it is never evicted.
    case serving

    static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
}
