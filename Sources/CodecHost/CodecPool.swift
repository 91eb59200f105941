public import CodecProtocol
public import JobModel
public import Logging
public import POSIX
import Synchronization

/// No codec process can be started.
public struct CodecsUnavailable: Error, Sendable, Equatable {
    /// What the last one reported, or how it ended, as a clause.
    public let reason: String

    /// Creates an error.
    public init(reason: String) {
        self.reason = reason
    }
}

/// A pool of codec processes, lent one at a time to tasks that have pictures.
///
/// Its processes and threads live until ``stop()``, so stop a pool before you drop it.
public final class CodecPool: Sendable {
    /// How many processes can take pictures, and why others cannot.
    public struct Readiness: Sendable, Equatable {
        /// How many processes are ready, lent or not.
        public var readyCount: Int
        /// How many processes the pool has.
        public var count: Int
        /// Why the last process that ended did so; `nil` once all are ready.
        public var lastFault: String?
        /// Why no process can use the weights or filter its system calls, so that waiting does not
        /// help.
        ///
        /// `nil` once any process has been ready.
        public var refusal: String?

        /// Whether at least one process is ready.
        public var isReady: Bool { readyCount > 0 }
    }

    private typealias Waiter = CheckedContinuation<Loan, Never>

    private enum Loan {
        case codec(Int)
        case cancelled
        case unavailable(CodecsUnavailable)
    }

    private struct PoolState {
        var states: [CodecState]
        var isLent: [Bool]
        var cores: CoreShares
        /// How often in a row each process ended before it was ready.
        var failures: [Int]
        var waiters: [(ticket: UInt64, continuation: Waiter)] = []
        var nextTicket: UInt64 = 0
        var lastFault: String?
        var hasBeenReady = false
        /// How often a process ended unasked.
        var endCount = 0
        /// What a process reported that cannot work, if none has been ready yet.
        var refusal: String?
        var isStopped = false

        /// Returns why no process will become ready, if so.
        func unavailability(_ maxFailures: Int?) -> CodecsUnavailable? {
            if let refusal { return CodecsUnavailable(reason: refusal) }
            guard let maxFailures, failures.allSatisfy({ $0 >= maxFailures }) else { return nil }
            return CodecsUnavailable(reason: lastFault ?? "they do not start")
        }

        func isReady(_ number: Int) -> Bool {
            if case .ready = states[number] { true } else { false }
        }

        /// Pairs ready processes with waiting tasks.
        mutating func match() -> [(waiter: Waiter, loan: Loan)] {
            var pairs: [(Waiter, Loan)] = []
            for number in states.indices
            where !waiters.isEmpty && isReady(number) && !isLent[number] {
                isLent[number] = true
                pairs.append((waiters.removeFirst().continuation, .codec(number)))
            }
            return pairs
        }

        /// Resumes all waiting tasks with `loan`.
        mutating func dismiss(_ loan: Loan) -> [(waiter: Waiter, loan: Loan)] {
            defer { waiters = [] }
            return waiters.map { ($0.continuation, loan) }
        }
    }

    private let pool: Mutex<PoolState>
    private let maxFailures: Int?
    private let codecs: Mutex<[CodecProcess]>
    /// The number of processes.
    public let count: Int
    /// The weights files.
    public let models: ModelFiles

    /// Starts the processes, which become ready one by one.
    ///
    /// - Parameters:
    ///   - count: The number of processes, at least 1.
    ///   - configuration: How to start them.
    ///   - logger: Receives a warning when a process ends.
    /// - Throws: ``SystemError`` if a weights file cannot be opened, or there are no threads or
    ///   descriptors left.
    public init(count: Int, configuration: CodecConfiguration, logger: Logger) throws(SystemError) {
        precondition(count > 0, "a pool has at least one process")
        self.count = count
        maxFailures = configuration.maxStartFailures
        models = configuration.models
        let processors = ThreadTeam.usableProcessors
        let weights = try models.models.map { model throws(SystemError) in
            try WeightsDescriptor(model)
        }
        pool = Mutex(
            PoolState(
                states: Array(repeating: .starting, count: count),
                isLent: Array(repeating: false, count: count),
                cores: CoreShares(
                    cores: min(configuration.cores ?? count, processors),
                    count: count
                ),
                failures: Array(repeating: 0, count: count)
            )
        )
        codecs = Mutex([])
        do throws(SystemError) {
            for number in 0..<count {
                let codec = try CodecProcess(
                    number: number,
                    configuration: configuration,
                    weights: weights,
                    logger: logger,
                    grant: { [weak self] isLarge in self?.grant(to: number, isLarge) ?? 1 },
                    stateChanged: { [weak self] state in self?.note(state, of: number) }
                )
                codecs.withLock { $0.append(codec) }
            }
        } catch {
            for codec in codecs.withLock({ $0 }) { codec.requestStop() }
            throw error
        }
    }

    // MARK: - State

    /// How many processes can take pictures now.
    public var readiness: Readiness {
        pool.withLock { pool in
            let readyCount = pool.states.indices.count(where: pool.isReady)
            return Readiness(
                readyCount: readyCount,
                count: count,
                lastFault: readyCount == count ? nil : pool.lastFault,
                refusal: pool.refusal
            )
        }
    }

    /// The state of every process.
    public var states: [CodecState] { pool.withLock(\.states) }

    /// The models of every process, the default first; empty until a process is ready.
    public var loadedModels: [LoadedModel] {
        for case .ready(let models, _) in states { return models }
        return []
    }

    /// What jobs may choose, the default first; empty until a process is ready.
    public var offeredModels: [OfferedModel] {
        loadedModels.map {
            OfferedModel(
                name: $0.name,
                method: $0.method,
                settings: $0.settings,
                sha256: $0.sha256,
                statement: $0.statement
            )
        }
    }

    /// The number of lent processes.
    public var busyCount: Int { pool.withLock { $0.isLent.count { $0 } } }

    /// How often a process has ended unasked and been replaced.
    public var restartCount: Int { pool.withLock(\.endCount) }

    /// Whether any process has pictures that it has not answered yet.
    var isWorking: Bool { codecs.withLock { $0.contains(where: \.isWorking) } }

    private func note(_ state: CodecState, of number: Int) {
        let pairs = pool.withLock { pool in
            pool.states[number] = state
            switch state {
            case .failing(let reason):
                pool.endCount += 1
                pool.lastFault = reason
                pool.failures[number] += 1
            case .refusing(let reason):
                pool.endCount += 1
                pool.lastFault = reason
                pool.failures[number] += 1
                if !pool.hasBeenReady { pool.refusal = reason }
            case .ready:
                pool.failures[number] = 0
                pool.hasBeenReady = true
                pool.refusal = nil
            case .starting, .stopped: break
            }
            if let unavailability = pool.unavailability(maxFailures) {
                return pool.dismiss(.unavailable(unavailability))
            }
            return pool.match()
        }
        for pair in pairs { pair.waiter.resume(returning: pair.loan) }
    }

    // MARK: - Lending

    /// Lends a ready process, waiting for one if necessary; tasks are served in order.
    ///
    /// - Parameter body: Uses the process, which is free again when this returns.
    /// - Returns: What `body` returned.
    /// - Throws: `CancellationError` if the task is cancelled while it waits or the pool is
    ///   stopped; ``CodecsUnavailable`` if no process can use the weights or filter its system
    ///   calls, or every one has failed ``CodecConfiguration/maxStartFailures`` times in a row;
    ///   what `body` throws.
    public func withCodec<Value: Sendable>(
        _ body: (CodecProcess) async throws -> Value
    ) async throws -> Value {
        switch await borrow() {
        case .codec(let number):
            defer { giveBack(number) }
            return try await body(codecs.withLock { $0[number] })
        case .cancelled: throw CancellationError()
        case .unavailable(let error): throw error
        }
    }

    private func borrow() async -> Loan {
        let ticket = pool.withLock { pool in
            pool.nextTicket += 1
            return pool.nextTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { enqueue($0, ticket: ticket) }
        } onCancel: {
            dequeue(ticket: ticket)
        }
    }

    private func enqueue(_ continuation: Waiter, ticket: UInt64) {
        let pairs = pool.withLock { pool in
            // If the task was cancelled before it was queued, its handler has run and found
            // nothing.
            guard !pool.isStopped, !Task.isCancelled else {
                return [(waiter: continuation, loan: Loan.cancelled)]
            }
            if let unavailability = pool.unavailability(maxFailures) {
                return [(waiter: continuation, loan: Loan.unavailable(unavailability))]
            }
            pool.waiters.append((ticket, continuation))
            return pool.match()
        }
        for pair in pairs { pair.waiter.resume(returning: pair.loan) }
    }

    private func dequeue(ticket: UInt64) {
        let waiter: Waiter? = pool.withLock { pool in
            pool.waiters.firstIndex { $0.ticket == ticket }.map {
                pool.waiters.remove(at: $0).continuation
            }
        }
        waiter?.resume(returning: .cancelled)
    }

    private func giveBack(_ number: Int) {
        let pairs = pool.withLock { pool in
            pool.isLent[number] = false
            pool.cores.takeBack(from: number)
            return pool.match()
        }
        for pair in pairs { pair.waiter.resume(returning: pair.loan) }
    }

    // MARK: - Cores

    /// How many threads a lent process uses, once it has work.
    public func threads(of codec: CodecProcess) -> Int {
        pool.withLock { $0.cores.threads[codec.number] }
    }

    /// Notes that a borrower has work for its process, so that the core is not lent to another.
    ///
    /// A borrower that has only asked whether there is work leaves the core to others.
    public func expectWork(of codec: CodecProcess) {
        pool.withLock { $0.cores.expectWork(of: codec.number) }
    }

    private func grant(to number: Int, _ isLarge: Bool) -> Int {
        pool.withLock { $0.cores.grant(to: number, isLarge: isLarge) }
    }

    // MARK: - Stopping

    /// Ends all processes at once and lends none any more; pictures without an answer are released.
    public func stop() async {
        let pairs = pool.withLock { pool in
            pool.isStopped = true
            return pool.dismiss(.cancelled)
        }
        for pair in pairs { pair.waiter.resume(returning: pair.loan) }
        let all = codecs.withLock { $0 }
        await withDiscardingTaskGroup { group in
            for codec in all { group.addTask { await codec.stop() } }
        }
    }
}
