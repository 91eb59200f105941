/// A serial queue with its clock and poller; a server spreads its connections over a few of them.
public final class Shard: Sendable {
    /// The executor of every actor of this shard.
    public let executor: QueueExecutor

    /// The executor of short tasks that concern one of this shard's actors.
    public let taskExecutor: QueueTaskExecutor

    /// The deadlines of this shard's actors.
    public let clock: DeadlineClock

    /// The readiness of this shard's sockets.
    public let poller: Poller

    let readBuffer = ReadBuffer()

    /// Creates a shard with its own queue.
    ///
    /// - Throws: ``SocketError`` if the system has no descriptors or memory left.
    public init(label: String) throws(SocketError) {
        executor = QueueExecutor(label: label)
        taskExecutor = QueueTaskExecutor(executor)
        clock = DeadlineClock(executor: executor)
        poller = try Poller(executor: executor)
    }
}
