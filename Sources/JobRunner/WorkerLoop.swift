public import BlobStorage
public import CodecHost
import CodecProtocol
import JobModel
public import Logging
import POSIX
public import Queue
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
/// A process is waited for before anything is claimed, so that no image is held by somebody who cannot work; and before that, room
/// on the disk. From the claim to the finish a heartbeat keeps the lease.
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
        /// The longest wait after faults of the store, which begin with 100 ms; what failed is
        /// found well again so soon.
        public var maxFaultDelay: Duration = .seconds(2)
        /// How many bytes are free where the storage writes before it files; `nil` if nothing tells,
        /// and then a storage that is full is found out when it is written to.
        public var freeBytes: @Sendable () -> UInt64? = { nil }
        /// Nothing is claimed while fewer bytes are free.
        public var minFreeBytes: UInt64 = 0
        /// How many bytes more must be free at the moment, since they are to be kept for erasing.
        public var lackingReserve: @Sendable () -> UInt64 = { 0 }
        /// How often a full disk is looked at.
        public var diskPause: Duration = .seconds(2)

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
    let store: any WorkQueue
    let blobs: any BlobStorage
    let ledger: BlobLedger
    let codecs: CodecPool
    let throughput: ThroughputMeter
    let logger: Logger
    let disk: BlockingExecutor
    let gate: DiskGate
    let held = HeldClaims()
    let faults: FaultLog
    let observer: ImageAttempt.Observer

    /// Puts a loop together; ``run(grace:)`` starts it.
    ///
    /// - Parameters:
    ///   - configuration: Who the workers are.
    ///   - store: Where images are claimed.
    ///   - blobs: Where files are.
    ///   - ledger: Where results are noted until their rows are written; the one that removals of these files go by.
    ///   - codecs: Who protects; the loop stops the pool when it ends.
    ///   - throughput: Where the speed of the codecs is noted.
    ///   - logger: For faults and crashes.
    ///   - observer: Told about each attempt at an image, for metrics.
    public init(
        configuration: Configuration,
        store: any WorkQueue,
        blobs: any BlobStorage,
        ledger: BlobLedger,
        codecs: CodecPool,
        throughput: ThroughputMeter = ThroughputMeter(),
        logger: Logger,
        observer: @escaping ImageAttempt.Observer = { _ in }
    ) {
        let disk = BlockingExecutor(label: "palimpsest.workers.disk", width: codecs.count + 1)
        self.disk = disk
        gate = DiskGate(
            minFreeBytes: configuration.minFreeBytes,
            lackingReserve: configuration.lackingReserve,
            pause: configuration.diskPause,
            disk: disk,
            logger: logger,
            freeBytes: configuration.freeBytes
        )
        self.throughput = throughput
        self.configuration = configuration
        self.store = store
        self.blobs = blobs
        self.ledger = ledger
        self.codecs = codecs
        self.logger = logger
        faults = FaultLog(logger: logger)
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
                await gate.waitForRoom()
                let mark = store.workMark
                let batch = try await codecs.withCodec { codec in try await takeBatch(owner, codec) }
                delay = .milliseconds(100)
                if let batch {
                    await commit(batch)
                    held.remove(of: owner)
                } else {
                    try await store.waitForWork(after: mark, atMost: .seconds(5))
                }
            } catch is CancellationError {
                return
            } catch {
                faults.error(Self.complaint(about: error), error)
                // A cancelled sleep ends the loop by its condition.
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }

    /// What could not be used, by the error that says so.
    static func complaint(about error: any Error) -> Logger.Message {
        switch error {
        case is StoreError: "A worker could not use the store"
        case is CodecsUnavailable: "A worker has no codec process"
        default: "A worker was stopped by an error"
        }
    }

    /// Claims images and has them protected.
    ///
    /// - Returns: What became of them, with their leases still kept; `nil` if there is nothing to do.
    private func takeBatch(_ owner: WorkerOwner, _ codec: CodecProcess) async throws -> Batch? {
        let mark = store.leaseMark
        let batches = try await store.claim(
            owner: owner,
            lease: configuration.lease,
            slots: 1,
            limit: ClaimedImage.maxTogether
        )
        guard let claims = batches.first, !claims.isEmpty else { return nil }
        held.add(claims, of: owner)
        let handout = Handout()
        let claimed = ContinuousClock.now
        let waits = Task { (try? await store.queueWaits(of: claims)) ?? [] }
        let heartbeat = Task { await keep(claims, from: mark, of: handout) }
        let inputs = await read(claims)
        let times = BatchTimes(read: claimed.duration(to: .now), waits: waits)
        let readable = zip(claims, inputs).compactMap { claim, input -> CodecImage? in
            guard case .success(let photo, let artefact) = input else { return nil }
            return CodecImage(
                photo: photo,
                label: claim.label,
                settings: claim.settings,
                artefact: artefact,
                attachments: claim.attachments.kinds
            )
        }
        let start = ContinuousClock.now
        var answers = (readable.isEmpty ? [] : await handout.protect(readable, by: codec)).makeIterator()
        let busy = ContinuousClock.now - start
        let outcomes = inputs.map { input -> CodecOutcome? in
            guard case .success = input else { return nil }
            return answers.next() ?? .released
        }
        let pixels = zip(claims, outcomes).reduce(0) { $1.1?.isProtected == true ? $0 + $1.0.pixels : $0 }
        throughput.record(pixels: pixels, busy: busy)
        let entries = zip(claims, zip(inputs, outcomes)).map { claim, rest in
            Batch.Entry(claim: claim, inputFault: rest.0.fault, outcome: rest.1)
        }
        return Batch(entries: entries, heartbeat: heartbeat, times: times)
    }

    // MARK: - Leases

    /// Keeps leases until the task is cancelled or none is left; then the work is broken off.
    private func keep(_ claims: [ClaimedImage], from mark: WorkMark, of handout: Handout) async {
        var (claims, mark) = (claims, mark)
        while true {
            await store.waitForRevocation(after: mark, atMost: configuration.heartbeat)
            guard !Task.isCancelled else { return }
            mark = store.leaseMark
            do {
                let held = try await store.heartbeat(claims: claims, lease: configuration.lease)
                guard held.contains(false) else { continue }
                // A job that was cancelled or deleted, or a rescue; the finish of the others still counts.
                logger.notice("A worker lost leases", metadata: ["worker.lost": "\(held.count { !$0 })"])
                claims = zip(claims, held).filter(\.1).map(\.0)
                if claims.isEmpty { return handout.abandon() }
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
            try await endImpossibleWaits()
        }
    }

    private func endImpossibleWaits() async throws {
        let count = try await store.endImpossibleWaits()
        if count > 0 { logger.notice("The clock was set back", metadata: ["worker.count": "\(count)"]) }
    }

    /// Takes back leases that ran out, of whichever worker, at once and then now and then.
    ///
    /// Those of this loop's own workers are spared: they run out while the database cannot be
    /// written, and then nobody is dead or stuck.
    private func rescue() async {
        repeat {
            do {
                let count = try await store.rescueExpired(sparing: held.all, lease: configuration.lease)
                if count > 0 { logger.warning("Leases ran out", metadata: ["worker.count": "\(count)"]) }
                try await endImpossibleWaits()
            } catch {
                logger.warning("Leases that ran out could not be looked for", metadata: ["error": "\(error)"])
            }
        } while (try? await Task.sleep(for: configuration.lease / 2)) != nil
    }

    /// Does something until it succeeds or the task is cancelled.
    private func repeatOnFault(_ complaint: Logger.Message, _ body: () async throws -> Void) async {
        var delay: Duration = .milliseconds(100)
        while !Task.isCancelled {
            do {
                return try await body()
            } catch {
                faults.error(complaint, error)
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }
}
