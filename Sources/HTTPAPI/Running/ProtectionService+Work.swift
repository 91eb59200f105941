import CodecHost
import CodecProtocol
import Cryptography
import JobRunner
import Logging
import Operations
import POSIX
import Queue
import Sandbox
import Webhooks

/// What works beside the servers.
extension ProtectionService {
    /// How long the codec processes may fail before the start is given up.
    private static let startPatience: Duration = .seconds(3)

    /// Starts the codec processes and waits until one is ready.
    ///
    /// Unusable weights thus end the start rather than fail the first job.
    func startCodecs(_ models: ModelFiles) async throws -> CodecPool {
        var configuration = CodecConfiguration(models: models)
        configuration.compressionLevel = settings.compressionLevel
        configuration.maxPixels = settings.maxPixels
        configuration.systemCallFilter = settings.systemCallFilter
        if case .staysRoot(let reason) = CodecUser.standing {
            logger.warning(
                "the codec processes stay root, without capabilities; run the service as an ordinary user instead",
                metadata: ["reason": "\(reason)"]
            )
        }
        let pool = try Self.starting { [configuration] in
            try CodecPool(
                count: settings.workers,
                configuration: configuration,
                logger: logger
            )
        }
        let deadline = ContinuousClock.now + Self.startPatience
        while true {
            let readiness = pool.readiness
            if readiness.isReady { return pool }
            let fault =
                readiness.refusal ?? (ContinuousClock.now > deadline ? readiness.lastFault : nil)
            if let fault {
                await pool.stop()
                throw StartFault(
                    description: "The codec processes do not start with the weights file "
                        + "\(models.path): \(fault)."
                )
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func startWorkers(
        of node: String,
        _ api: API,
        _ pool: CodecPool,
        _ throughput: ThroughputMeter,
        _ metrics: ServiceMetrics
    ) throws -> Task<Void, Never> {
        let run = String(try SecureRandom.uint64(), radix: 16)
        var configuration = WorkerLoop.Configuration(instance: node, run: run)
        configuration.minFreeBytes = settings.minFreeBytes
        configuration.freeBytes = { [space = api.space] in try? space.diskSpace().free }
        configuration.lackingReserve = { [reserve = api.reserve] in reserve?.missingBytes ?? 0 }
        let loop = WorkerLoop(
            configuration: configuration,
            store: api.store,
            blobs: api.blobs,
            ledger: api.ledger,
            codecs: pool,
            throughput: throughput,
            logger: logger,
            observer: { metrics.count($0) },
            leaseObserver: { metrics.count($0) }
        )
        let grace = settings.drainGrace
        return Task { await loop.run(grace: grace) }
    }

    func makeLeadership(
        of node: String,
        at place: String,
        _ api: API,
        _ throughput: ThroughputMeter
    ) -> Leadership {
        let downloads = api.downloads
        let isShared = settings.database.isShared
        return Leadership(store: api.store, node: node, logger: isShared ? logger : nil) {
            [role, settings, version] in
            NodeReport(
                name: node,
                role: role,
                version: version.number,
                place: place,
                codecs: settings.workers,
                pixelsPerSecond: throughput.pixelsPerSecond.map { Int($0) },
                downloads: downloads.jobs
            )
        }
    }

    /// Makes what sends webhooks; `nil` if there are none.
    func makeDispatcher(
        _ api: API,
        leads: @escaping @Sendable () -> Bool
    ) throws -> WebhookDispatcher? {
        guard settings.webhooks else { return nil }
        let sender = try Self.starting {
            try WebhookSender(
                policy: settings.webhookPolicy,
                version: version.number,
                width: WebhookDispatcher.width
            )
        }
        return WebhookDispatcher(store: api.store, sender: sender, logger: logger, leads: leads)
    }
}
