public import BlobStore
import JobModel
public import JobStore
public import Logging
import Synchronization

/// Takes images from the store, has them protected by codec processes, and puts the results back.
///
/// Some more workers than there are processes go round the same circle, so that one hands out the next image while another writes
/// the last result to disk:
///
///     wait for a free process ──> claim ──> read the files ──> hand out ──> free the process ──> write the PNGs ──> finish
///          ^                        └── nothing to do: wait for work                                                  │
///          └──────────────────────────────────────────────────────────────────────────────────────────────────────────┘
///
/// A process is waited for before anything is claimed, so that no image is held by somebody who cannot work. From the claim to the
/// finish a heartbeat keeps the lease.
public struct WorkerLoop: Sendable {
    /// Who the workers are, and their times.
    public struct Configuration: Sendable {
        /// The installation, see `WorkerOwner`.
        public var instance: String
        /// This run of it, drawn anew at each start.
        public var run: String
        /// How long a claim holds without a heartbeat.
        public var lease: Duration = .seconds(60)
        /// How often a claim is kept.
        public var heartbeat: Duration = .seconds(20)
        /// The longest wait after faults of the store, which begin with 100 ms.
        public var maxFaultDelay: Duration = .seconds(30)

        /// Names the workers.
        ///
        /// - Parameters:
        ///   - instance: The installation: 1 to 64 letters, digits, `-` and `_`.
        ///   - run: The run, of the same characters.
        public init(instance: String, run: String) {
            self.instance = instance
            self.run = run
        }
    }

    let configuration: Configuration
    let store: JobStore
    let blobs: BlobStore
    let codecs: CodecPool
    let logger: Logger
    let observer: ImageAttempt.Observer
    let disk = BlockingQueue(label: "palimpsest.workers.disk")

    /// Puts a loop together; ``run(grace:)`` starts it.
    ///
    /// - Parameters:
    ///   - configuration: Who the workers are.
    ///   - store: Where images are claimed.
    ///   - blobs: Where files are.
    ///   - codecs: Who protects; the loop stops the pool when it ends.
    ///   - logger: For faults and crashes.
    ///   - observer: Told about each attempt at an image, for metrics.
    public init(
        configuration: Configuration,
        store: JobStore,
        blobs: BlobStore,
        codecs: CodecPool,
        logger: Logger,
        observer: @escaping ImageAttempt.Observer = { _ in }
    ) {
        self.configuration = configuration
        self.store = store
        self.blobs = blobs
        self.codecs = codecs
        self.logger = logger
        self.observer = observer
    }

    /// Works until the task is cancelled.
    ///
    /// First the leases of this installation's earlier runs are taken back. Then nothing new is claimed once the task is cancelled; what is
    /// under way may finish within the grace, and is given back uncounted when that is over. The pool is stopped at the end.
    ///
    /// - Parameter grace: How long images under way may take to finish.
    public func run(grace: Duration = .seconds(20)) async {
        let workers = Task {
            await reclaim()
            await withDiscardingTaskGroup { group in
                for number in 0...codecs.count {
                    group.addTask { await work(as: number) }
                }
                group.addTask { await rescue() }
            }
        }
        let patience = Mutex<Task<Void, Never>?>(nil)
        let pool = codecs
        await withTaskCancellationHandler {
            await workers.value
        } onCancel: {
            workers.cancel()
            let task = Task {
                // Cancelled when all workers are done, which is then no reason to stop anybody.
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                await pool.stop()
            }
            patience.withLock { $0 = task }
        }
        patience.withLock { $0 }?.cancel()
        await codecs.stop()
    }

    // MARK: - The circle

    private func work(as number: Int) async {
        guard let owner = WorkerOwner(instance: configuration.instance, run: configuration.run, worker: number) else {
            preconditionFailure("the instance or the run has a name that is none")
        }
        var delay: Duration = .milliseconds(100)
        while !Task.isCancelled {
            do {
                let mark = store.workMark
                let batch = try await codecs.withCodec { codec in try await takeBatch(owner, codec) }
                delay = .milliseconds(100)
                if let batch {
                    await commit(batch)
                } else {
                    try await store.waitForWork(after: mark)
                }
            } catch is CancellationError {
                return
            } catch {
                logger.error("A worker could not use the store", metadata: ["error": "\(error)"])
                // A cancelled sleep ends the loop by its condition.
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }

    /// Claims images and has them protected.
    ///
    /// - Returns: What became of them, with their leases still kept; `nil` if there is nothing to do.
    private func takeBatch(_ owner: WorkerOwner, _ codec: CodecProcess) async throws -> Batch? {
        let claims = try await store.claim(owner: owner, lease: configuration.lease)
        guard !claims.isEmpty else { return nil }
        let claimed = ContinuousClock.now
        let waits = Task { (try? await store.queueWaits(of: claims)) ?? [] }
        let heartbeat = Task { await keep(claims) }
        let inputs = await read(claims)
        let times = BatchTimes(read: claimed.duration(to: .now), waits: waits)
        let readable = zip(claims, inputs).compactMap { claim, input -> CodecImage? in
            guard case .success(let bytes, let semanticImage) = input else { return nil }
            return CodecImage(
                bytes: bytes,
                label: claim.label,
                settings: claim.settings,
                semanticImage: semanticImage
            )
        }
        var answers = (readable.isEmpty ? [] : await codec.protect(readable)).makeIterator()
        let outcomes = inputs.map { input -> CodecOutcome? in
            guard case .success = input else { return nil }
            return answers.next() ?? .released
        }
        let entries = zip(claims, zip(inputs, outcomes)).map { claim, rest in
            Batch.Entry(claim: claim, inputFault: rest.0.fault, outcome: rest.1)
        }
        return Batch(entries: entries, heartbeat: heartbeat, times: times)
    }

    // MARK: - Leases

    private func keep(_ claims: [ClaimedImage]) async {
        while (try? await Task.sleep(for: configuration.heartbeat)) != nil {
            do {
                let held = try await store.heartbeat(claims: claims, lease: configuration.lease)
                let lost = held.count { !$0 }
                if lost > 0 {
                    // A job that was cancelled or deleted, or a rescue; the finish of the others still counts.
                    logger.notice("A worker lost leases", metadata: ["worker.lost": "\(lost)"])
                }
            } catch {
                logger.warning("A heartbeat failed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func reclaim() async {
        await repeatOnFault("Leases of earlier runs could not be taken back") {
            let count = try await store.reclaim(
                previousRunsOf: configuration.instance,
                currentRun: configuration.run
            )
            if count > 0 {
                logger.notice("Leases of earlier runs were taken back", metadata: ["worker.count": "\(count)"])
            }
        }
    }

    /// Takes back leases that ran out, of whichever worker, now and then.
    private func rescue() async {
        while (try? await Task.sleep(for: configuration.lease / 2)) != nil {
            do {
                let count = try await store.rescueExpired()
                if count > 0 { logger.warning("Leases ran out", metadata: ["worker.count": "\(count)"]) }
            } catch {
                logger.warning("Leases that ran out could not be looked for", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Does something until it succeeds or the task is cancelled.
    private func repeatOnFault(_ complaint: Logger.Message, _ body: () async throws -> Void) async {
        var delay: Duration = .milliseconds(100)
        while !Task.isCancelled {
            do {
                return try await body()
            } catch {
                logger.error(complaint, metadata: ["error": "\(error)"])
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }
}
