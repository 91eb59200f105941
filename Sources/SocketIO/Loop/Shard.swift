/// One serial queue with its clock and its poller; connections are spread over a few of them.
public final class Shard: Sendable {
    /// The executor of every actor of this shard.
    public let executor: QueueExecutor

    /// The deadlines of this shard's actors.
    public let clock: DeadlineClock

    /// The readiness of this shard's sockets.
    public let poller: Poller

    /// Creates a shard with a queue of its own.
    ///
    /// - Throws: ``SocketError`` when the system has no descriptor or no memory left for it.
    public init(label: String) throws(SocketError) {
        executor = QueueExecutor(label: label)
        clock = DeadlineClock(executor: executor)
        poller = try Poller(executor: executor)
    }
}
