/// One serial queue with its clock; connections are spread over a few of them.
public final class Shard: Sendable {
    /// The executor of every actor of this shard.
    public let executor: QueueExecutor

    /// The deadlines of this shard's actors.
    public let clock: DeadlineClock

    /// Creates a shard with a queue of its own.
    public init(label: String) {
        executor = QueueExecutor(label: label)
        clock = DeadlineClock(executor: executor)
    }
}
