public import BlobStorage
public import CodecHost
import CodecProtocol
import JobModel
public import Logging
import POSIX
public import Queue
import Synchronization

/// Claims images from the store, has codec processes protect them, and stores the results.
///
/// There is one more worker than there are processes, so that one can hand out the next image while
/// another writes its results:
///
///     ┌─> wait for disk space ──> wait for a free process ──> claim ──> read the files ──┐
///     │                                                         └── none: wait for work  │
///     └── finish <── write the results <── free the process <── hand out to the process <┘
///
/// A worker waits for disk space and then for a process before it claims anything, so that nobody
/// who cannot work holds an image. A heartbeat keeps the lease from the claim to the finish.
public struct WorkerLoop: Sendable {
    /// The names and times of the workers.
    public struct Configuration: Sendable {
        /// The installation, see `WorkerOwner`.
        public var instance: String
        /// The run of the installation, drawn anew at each start.
        public var run: String
        /// How long a claim lasts without a heartbeat.
        public var lease: Duration = .seconds(60)
        /// The interval between heartbeats.
        public var heartbeat: Duration = .seconds(20)
        /// The interval between looks for leases that have run out: what it is adds to how long the
        /// images of a dead machine wait.
        public var rescue: Duration = .seconds(5)
        /// The longest wait between retries after an error, which start at 100 ms.
        ///
        /// It bounds how long a recovery goes unnoticed.
        public var maxFaultDelay: Duration = .seconds(2)
        /// Returns how many bytes are free where the storage writes its spools.
        ///
        /// `nil` if that is unknown; then only a failing write reveals that the storage is full.
        public var freeBytes: @Sendable () -> UInt64? = { nil }
        /// Nothing is claimed while fewer bytes are free.
        public var minFreeBytes: UInt64 = 0
        /// Returns how many more bytes must be free, because the reserve for erasing lacks them.
        public var lackingReserve: @Sendable () -> UInt64 = { 0 }
        /// The interval between checks of a full disk.
        public var diskPause: Duration = .seconds(2)

        /// Creates a configuration.
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
    /// Claims for workers that have a free process, one list of images for each.
    private let claims: GatheredCalls<Void, [ClaimedImage]>
    /// Ends the claims of batches.
    let ends: GatheredCalls<[(ClaimedImage, ImageOutcome)], [Bool]>
    let faults: FaultLog
    let observer: ImageAttempt.Observer
    let leaseObserver: LeaseEvent.Observer

    /// Creates a loop; ``run(grace:)`` starts it.
    ///
    /// - Parameters:
    ///   - configuration: The names and times of the workers.
    ///   - store: The queue to claim images from.
    ///   - blobs: The storage of uploads and results.
    ///   - ledger: Notes results until their rows are written; removals from `blobs` must use the
    ///     same ledger.
    ///   - codecs: The codec processes; the loop stops the pool when it ends.
    ///   - throughput: Records the speed of the codecs.
    ///   - logger: Receives errors and crashes.
    ///   - observer: Receives each attempt at an image, for metrics.
    ///   - leaseObserver: Receives what becomes of leases, for metrics.
    public init(
        configuration: Configuration,
        store: any WorkQueue,
        blobs: any BlobStorage,
        ledger: BlobLedger,
        codecs: CodecPool,
        throughput: ThroughputMeter = ThroughputMeter(),
        logger: Logger,
        observer: @escaping ImageAttempt.Observer = { _ in },
        leaseObserver: @escaping LeaseEvent.Observer = { _ in }
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
        guard
            let owner = WorkerOwner(
                instance: configuration.instance,
                run: configuration.run,
                worker: 0
            )
        else {
            preconditionFailure("the instance or the run has an invalid name")
        }
        claims = GatheredCalls { requests throws(StoreError) in
            let claims = try await store.claim(
                owner: owner,
                lease: configuration.lease,
                slots: requests.count,
                limit: ClaimedImage.maxTogether
            )
            leaseObserver(.claimed(claims.joined().count))
            let missing = requests.count - claims.count
            return claims + Array(repeating: [], count: missing)
        }
        ends = GatheredCalls { batches throws(StoreError) in
            var counted = try await store.finish(batches.flatMap(\.self))[...]
            return batches.map { batch in
                defer { counted = counted.dropFirst(batch.count) }
                return Array(counted.prefix(batch.count))
            }
        }
        self.observer = observer
        self.leaseObserver = leaseObserver
    }

    /// Works until the task is cancelled.
    ///
    /// It first takes back the leases of this installation's earlier runs. Once the task is
    /// cancelled, it claims nothing new. Images in progress may finish within the grace period; the
    /// rest are then given back without counting the attempt. At the end it stops the pool.
    ///
    /// - Parameter grace: How long images in progress may take to finish.
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
        let graceTimer = Mutex<Task<Void, Never>?>(nil)
        let pool = codecs
        await withTaskCancellationHandler {
            await workers.value
        } onCancel: {
            workers.cancel()
            let task = Task {
                // The sleep is cancelled once all workers are done; then there is nothing to stop.
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                await pool.stop()
            }
            graceTimer.withLock { $0 = task }
        }
        graceTimer.withLock { $0 }?.cancel()
        await codecs.stop()
    }

    // MARK: - The loop

    private func work(as number: Int) async {
        var delay: Duration = .milliseconds(100)
        while !Task.isCancelled {
            do {
                await gate.waitForRoom()
                let mark = store.workMark
                let batch = try await codecs.withCodec { codec in
                    try await takeBatch(number, codec)
                }
                delay = .milliseconds(100)
                if let batch {
                    await commit(batch)
                    held.remove(of: number)
                } else {
                    try await store.waitForWork(after: mark, atMost: .seconds(5))
                }
            } catch is CancellationError {
                return
            } catch {
                faults.error(Self.complaint(about: error), error)
                // If the sleep is cancelled, the loop's condition ends it.
                try? await Task.sleep(for: delay)
                delay = min(delay * 2, configuration.maxFaultDelay)
            }
        }
    }

    /// Returns what could not be used, according to an error.
    static func complaint(about error: any Error) -> Logger.Message {
        switch error {
        case is StoreError: "a worker could not use the store"
        case is CodecsUnavailable: "a worker has no codec process"
        default: "a worker was stopped by an error"
        }
    }

    /// Claims images and has them protected.
    ///
    /// - Returns: Their outcomes, with their leases still kept; `nil` if there is no work.
    private func takeBatch(_ worker: Int, _ codec: CodecProcess) async throws -> Batch? {
        let mark = store.leaseMark
        let claims = try await claims.answer(to: ())
        guard !claims.isEmpty else { return nil }
        codecs.expectWork(of: codec)
        held.add(claims, of: worker)
        let handout = Handout()
        let claimed = ContinuousClock.now
        let heartbeat = Task { await keep(claims, from: mark, of: handout) }
        let inputs = await read(claims)
        let times = BatchTimes(read: claimed.duration(to: .now))
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
        var answers = (readable.isEmpty ? [] : await handout.protect(readable, by: codec))
            .makeIterator()
        let busy = ContinuousClock.now - start
        let outcomes = inputs.map { input -> CodecOutcome? in
            switch input {
            case .success: answers.next() ?? .released
            case .away: .released
            case .fault: nil
            }
        }
        let pixels = zip(claims, outcomes).reduce(0) {
            $1.1?.isProtected == true ? $0 + $1.0.pixels : $0
        }
        // What is estimated is the speed of a process on one core.
        throughput.record(pixels: pixels, busy: busy * codecs.threads(of: codec))
        let entries = zip(claims, zip(inputs, outcomes)).map { claim, rest in
            Batch.Entry(claim: claim, inputFault: rest.0.fault, outcome: rest.1)
        }
        return Batch(entries: entries, handout: handout, heartbeat: heartbeat, times: times)
    }

    // MARK: - Leases

    /// Keeps leases until the task is cancelled; when none is left, abandons the work.
    private func keep(_ claims: [ClaimedImage], from mark: WorkMark, of handout: Handout) async {
        var (claims, mark, wait) = (claims, mark, configuration.heartbeat)
        while true {
            await store.waitForRevocation(after: mark, atMost: wait)
            guard !Task.isCancelled else { return }
            mark = store.leaseMark
            do {
                let held = try await store.heartbeat(claims: claims, lease: configuration.lease)
                wait = configuration.heartbeat
                guard held.contains(false) else { continue }
                // The job was cancelled or deleted, or another loop took the lease back. The other
                // images can still finish.
                logger.notice(
                    "a worker lost leases",
                    metadata: ["worker.lost": .stringConvertible(held.count { !$0 })]
                )
                leaseObserver(.lost(held.count { !$0 }))
                claims = zip(claims, held).filter(\.1).map(\.0)
                if claims.isEmpty { return handout.abandon() }
            } catch {
                faults.warning("a heartbeat failed", error)
                // The leases run on: the first moment at which the store answers again counts.
                wait = min(wait, configuration.maxFaultDelay)
            }
        }
    }

    private func reclaim() async {
        await repeatOnFault("leases of earlier runs could not be taken back") {
            let count = try await store.reclaim(
                previousRunsOf: configuration.instance,
                currentRun: configuration.run
            )
            if count > 0 {
                logger.notice(
                    "leases of earlier runs were taken back",
                    metadata: ["worker.count": .stringConvertible(count)]
                )
            }
            try await endImpossibleWaits()
        }
    }

    private func endImpossibleWaits() async throws {
        let count = try await store.endImpossibleWaits()
        if count > 0 {
            logger.notice(
                "the clock was set back, so waits that had become too long were ended",
                metadata: ["images": .stringConvertible(count)]
            )
        }
    }

    /// Takes back expired leases of any worker, at once and then regularly.
    ///
    /// It spares those of this loop's own workers: they expire while the database cannot be
    /// written, and then no worker is dead or stuck.
    private func rescue() async {
        repeat {
            do {
                let count = try await store.rescueExpired(
                    sparing: held.all,
                    lease: configuration.lease
                )
                leaseObserver(.expired(count))
                if count > 0 {
                    logger.warning(
                        "leases expired",
                        metadata: ["worker.count": .stringConvertible(count)]
                    )
                }
                try await endImpossibleWaits()
            } catch {
                faults.warning("expired leases could not be looked up", error)
            }
        } while (try? await Task.sleep(for: configuration.rescue)) != nil
    }

    /// Repeats `body` until it succeeds or the task is cancelled.
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
