import Dispatch
import Synchronization

/// Where the calls run that block on the disk, so that tasks and sockets do not.
///
/// A few serial queues: a disk that hangs holds so many threads and no more, and what waits, waits in order.
final class DiskQueues: Sendable {
    private let queues: [DispatchQueue]
    private let next = Atomic<Int>(0)

    /// Creates the queues.
    init(count: Int = 4) {
        queues = (0..<max(1, count)).map { DispatchQueue(label: "palimpsest.disk.\($0)") }
    }

    /// Runs something that blocks.
    ///
    /// - Parameter work: Runs on one of the queues.
    /// - Returns: What it returned.
    /// - Throws: What it threw.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        let queue = queues[Int(UInt(bitPattern: turn) % UInt(queues.count))]
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result(catching: work)) }
        }
    }
}
