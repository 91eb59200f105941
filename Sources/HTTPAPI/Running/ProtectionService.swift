import BlobStorage
import CodecHost
import CodecProtocol
import Cryptography
import FoundationEssentials
import HTTPServer
import HTTPWire
import JobRunner
public import Logging
import Operations
import POSIX
public import Queue
import Sandbox
import SemanticImages
import SocketIO
import Webhooks

/// The service behind `palimpsest serve`, from opening the data folder to the last request.
public struct ProtectionService: Sendable {
    /// The reason why the service did not start, as one sentence for the operator.
    public struct StartFault: Error, Sendable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    /// How long the codec processes may fail before the start is given up.
    private static let startPatience: Duration = .seconds(3)

    private let role: NodeRole
    private let settings: Settings
    private let logger: Logger
    private let version: ProgramVersion
    private let announcement: Announcement

    /// How the service tells a person where it is.
    public struct Announcement: Sendable {
        /// Whether a person reads it, who may be given a link that signs in.
        let isForPerson: Bool
        /// Writes text.
        let write: @Sendable (String) -> Void

        /// Creates an announcement.
        ///
        /// - Parameters:
        ///   - isForPerson: Whether a person reads it: a link that signs in must not reach a log.
        ///   - write: Writes text.
        public init(isForPerson: Bool, write: @escaping @Sendable (String) -> Void) {
            self.isForPerson = isForPerson
            self.write = write
        }
    }

    /// Creates a service; ``run()`` starts it.
    ///
    /// - Parameters:
    ///   - role: What the node does.
    ///   - settings: The operator's settings.
    ///   - logger: The log of the service.
    ///   - version: The version of the program, for the log and the metrics.
    ///   - announcement: Where ``Banner`` is written once the service listens.
    public init(
        role: NodeRole = .server,
        settings: Settings,
        logger: Logger,
        version: ProgramVersion,
        announcement: Announcement
    ) {
        self.role = role
        self.settings = settings
        self.logger = logger
        self.version = version
        self.announcement = announcement
    }

    /// Serves until the process is told to stop.
    ///
    /// SIGTERM or SIGINT drains: `/readyz` fails for ``Settings/drainDelay``, then the listener
    /// closes. Open requests and images in progress get ``Settings/drainGrace`` to finish; the
    /// other images return to the queue. A second signal ends the process at once, which loses
    /// nothing that was accepted either.
    ///
    /// With TLS, SIGHUP rereads the TLS files for new connections. Other signals without a meaning
    /// are ignored.
    ///
    /// - Throws: ``StartFault`` if the service cannot start.
    public func run() async throws {
        IgnoredSignals.ignore()
        let signals = StopSignals(logger: logger)
        let maxConnections = connections(within: FileLimit.raise())
        let models = try Self.starting {
            let path = try WeightsFile.find(named: settings.weights, environment: nil)
            return try ModelFiles(at: path, default: settings.model)
        }
        let (folder, mayMakeDatabase) = try Self.starting {
            if settings.database.isShared {
                return (try DataFolder.forNode(path: settings.dataFolder), false)
            }
            guard role == .server else {
                throw StartFault(
                    description: "A worker shares a database with servers: set "
                        + "\(SettingsKey.database.flag) and \(SettingsKey.blobs.flag) as theirs are."
                )
            }
            return try DataFolder.forServer(path: settings.dataFolder)
        }
        try Self.starting { try folder.stopBeingBackup() }
        let store: any Store
        do {
            store = try folder.openStore(at: settings.database, making: mayMakeDatabase)
        } catch let fault as DataFolder.Fault {
            throw StartFault(description: fault.description)
        } catch {
            throw unusable(error)
        }
        let throughput = ThroughputMeter()
        let metrics = ServiceMetrics(
            NodeIdentity(
                role: role,
                version: version,
                database: settings.database,
                blobs: settings.blobs
            )
        )
        let pool = try await startCodecs(models)
        let (api, node, place): (API, String, String)
        do {
            (api, node, place) = try await prepare(folder, store, throughput, pool, metrics)
        } catch {
            await pool.stop()
            throw error
        }
        let weights = pool.loadedModels.map { ("\($0.name)", "\($0.sha256)") }
        logger.notice(
            "starting",
            metadata: [
                "version": "\(version.number)", "commit": "\(version.commit)",
                "weights": .dictionary(
                    Dictionary(uniqueKeysWithValues: weights.map { ($0, .string($1)) })
                ),
            ]
        )
        let leadership = makeLeadership(of: node, at: place, api, throughput)
        let webhooks: WebhookDispatcher?
        do {
            webhooks = try makeDispatcher(api) { leadership.isLeading }
        } catch {
            await pool.stop()
            throw error
        }
        let sources = ServiceMetrics.Sources(
            api: api,
            pool: pool,
            node: node,
            isLeading: { [isShared = settings.database.isShared] in
                !isShared || leadership.isLeading
            }
        )
        let servers = makeServers(sources, metrics, maxConnections)
        var addresses: [SocketAddress] = []
        for (endpoint, server) in servers {
            do {
                addresses.append(try await server.start())
            } catch let error as TLSError {
                await pool.stop()
                throw StartFault(description: error.description)
            } catch {
                await pool.stop()
                throw StartFault(description: "The service cannot listen on \(endpoint): \(error).")
            }
        }
        // Before the tasks that only a leader does, which would otherwise wait for their next turn.
        await leadership.ask(mayLead: role == .server)
        let leading = Task { [role] in await leadership.run(mayLead: role == .server) }
        let housekeeping = api.housekeeping
        let sweeping = Task { await housekeeping.run { leadership.isLeading } }
        let telling = webhooks.map { dispatcher in Task { await dispatcher.run() } }
        let working = try startWorkers(of: node, api, pool, throughput, metrics)
        if role == .server, let address = addresses.first { warnOfPlainHTTP(on: address) }
        let purposes = role == .server ? ["api", "metrics"] : ["metrics"]
        for (purpose, address) in zip(purposes, addresses) {
            logger.notice(
                "listening",
                metadata: [
                    "for": "\(purpose)", "address": "\(address)",
                    "port": .stringConvertible(address.port),
                ]
            )
        }

        if role == .server, let address = addresses.first {
            announcement.write(
                Banner.text(
                    at: address,
                    isEncrypted: tls != nil,
                    token: api.signInLink?.token
                )
            )
        }

        let reloading = ReloadSignal(servers: servers.map(\.1), logger: logger)
        for await _ in signals.requested {}
        api.lifecycle.startLeaving()
        try await Task.sleep(for: settings.drainDelay)
        api.lifecycle.startDraining()
        store.wakeWatches()
        sweeping.cancel()
        telling?.cancel()
        working.cancel()
        await Self.drain(servers.map(\.1), grace: settings.drainGrace)
        await working.value
        await sweeping.value
        leading.cancel()
        await leading.value
        do {
            try await store.saveKeyUses()
        } catch {
            logger.warning(
                "the last uses of keys were not written",
                metadata: ["error": "\(error)"]
            )
        }
        do {
            try store.close()
        } catch {
            logger.warning("the database was not closed", metadata: ["error": "\(error)"])
        }
        logger.notice("stopped")
        withExtendedLifetime((signals, reloading, folder)) {}
    }

    /// Drains all servers at the same time, so that they share one grace period.
    static func drain(_ servers: [HTTPServer], grace: Duration) async {
        await withDiscardingTaskGroup { group in
            for server in servers { group.addTask { await server.drain(grace: grace) } }
        }
    }

    private var tls: TLSConfiguration? {
        guard let certificate = settings.tlsCertificate, let key = settings.tlsKey else {
            return nil
        }
        return TLSConfiguration(
            certificateFile: certificate,
            keyFile: key,
            clientCAFile: settings.tlsClientCA
        )
    }

    // MARK: - Start

    private func prepare(
        _ folder: DataFolder,
        _ store: any Store,
        _ throughput: ThroughputMeter,
        _ pool: CodecPool,
        _ metrics: ServiceMetrics
    ) async throws -> (API, node: String, place: String) {
        do {
            guard try await !Migration.isUnfinished(in: store) else {
                throw StartFault(
                    description: "A migration to this database was not completed; run "
                        + "`palimpsest migrate` again first."
                )
            }
            let node = try settings.node ?? folder.provideNode()
            let blobs = try folder.openBlobs(
                at: settings.blobs,
                node: node,
                environment: ProcessInfo.processInfo.environment,
                observer: { metrics.count($0) }
            )
            if settings.database.isShared {
                try await folder.requireNobodyElse(named: node, in: store)
            }
            let place = try folder.place()
            let disk =
                settings.blobs.isShared
                ? BlockingExecutor.forSharedBlobs() : BlockingExecutor.forDataFolder()
            try await StorageMarker.require(in: blobs, of: store, on: disk)
            let signingKey = try await signingKey(folder, store)
            if role == .server { try await folder.provideAdminKey(store: store) }
            var api = API(
                settings: settings,
                store: store,
                blobs: blobs.storage,
                space: blobs.space,
                leftovers: Leftovers(
                    store: store,
                    blobs: blobs,
                    disk: disk,
                    logger: logger,
                    setAsidePeriod: settings.setAside
                ),
                disk: disk,
                ledger: BlobLedger(
                    blobs: blobs.storage,
                    shared: DataFolder.blobNotes(in: store)
                ),
                signingKey: signingKey,
                forecast: Forecast(store: store, meter: throughput, codecs: settings.workers),
                pictures: pool,
                models: pool.offeredModels,
                lifecycle: Lifecycle(),
                logger: logger,
                reserve: settings.database.isShared
                    ? nil
                    : DiskReserve(
                        folder: settings.dataFolder,
                        diskSize: try blobs.space.diskSpace().size
                    )
            )
            api.version = version
            if role == .server, announcement.isForPerson,
                let secret = try await folder.adminSecret(in: store)
            {
                api.signInLink = try SignInLink(for: secret)
            }
            await api.reserve?.restore(on: api.disk, logger: logger)
            try await api.leftovers.cleanUpAfterLastRun()
            try folder.finishFirstStart()
            return (api, node, place)
        } catch let fault as DataFolder.Fault {
            throw StartFault(description: fault.description)
        } catch let fault as StartFault {
            throw fault
        } catch {
            throw unusable(error)
        }
    }

    /// Returns the key that signs manifests, which all servers of a database must have.
    private func signingKey(_ folder: DataFolder, _ store: any Store) async throws -> SigningKey {
        // A worker signs nothing.
        guard role == .server else { return try SigningKey.generate() }
        let key = try folder.provideSigningKey()
        let pem = key.verificationKey.pem
        guard try await store.agree(on: "signing key", pem) == pem else {
            throw StartFault(
                description: "The signing key in \(settings.dataFolder) is not that of the other "
                    + "servers of this database; copy the file signing-key of one of them there."
            )
        }
        return key
    }

    private func makeLeadership(
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

    /// Makes the API's server, unless this is a worker, and that of the metrics.
    private func makeServers(
        _ sources: ServiceMetrics.Sources,
        _ metrics: ServiceMetrics,
        _ maxConnections: Int
    ) -> [(HTTPEndpoint, HTTPServer)] {
        var servers: [(HTTPEndpoint, HTTPServer)] = []
        let api = sources.api
        if role == .server {
            let server = makeServer(
                api,
                settings.bind,
                api.router(),
                metrics,
                maxConnections,
                tls: tls
            )
            servers.append((settings.bind, server))
        }
        if let endpoint = settings.metrics {
            var router = metrics.router(sources) { [server = servers.first?.1] in
                server?.connectionCount ?? 0
            }
            if role == .worker { api.addHealth(to: &router) }
            servers.append((endpoint, makeServer(api, endpoint, router, nil, maxConnections)))
        }
        return servers
    }

    /// Makes what sends webhooks; `nil` if there are none.
    private func makeDispatcher(
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

    /// Returns the maximum number of connections, and warns if it is less than the setting.
    private func connections(within limit: Int?) -> Int {
        let count = FileLimit.connections(wanted: settings.maxConnections, limit: limit)
        if let limit, count < settings.maxConnections {
            logger.warning(
                "fewer connections than configured, because the limit of open files is low",
                metadata: [
                    "connections": .stringConvertible(count),
                    "set": .stringConvertible(settings.maxConnections),
                    "open_files": .stringConvertible(limit),
                ]
            )
        }
        return count
    }

    /// Warns if keys and photos can be read on the way, because the API is reachable from other
    /// machines without TLS.
    ///
    /// A proxy with TLS on this machine reaches the service on loopback or a Unix-domain socket, so
    /// one that needs more is on another machine.
    private func warnOfPlainHTTP(on address: SocketAddress) {
        let isReachable = !AddressBlock.thisMachine.contains { $0.contains(address.host) }
        guard tls == nil, isReachable else { return }
        logger.warning(
            """
            listening beyond loopback without TLS: keys and photos can be read on the way; set \
            --tls-certificate and --tls-key, or listen on loopback behind a proxy with TLS
            """,
            metadata: ["address": "\(address)"]
        )
    }

    private func unusable(_ error: any Error) -> StartFault {
        switch error {
        case StoreError.unavailable: StartFault(description: "\(error)")
        case BlobStorageError.unreachable:
            StartFault(
                description: "The storage \(settings.blobs.text) cannot be used: \(error)."
            )
        default:
            StartFault(
                description: "The data folder \(settings.dataFolder) cannot be used: \(error)"
            )
        }
    }

    /// Starts the codec processes and waits until one is ready.
    ///
    /// Unusable weights thus end the start rather than fail the first job.
    private func startCodecs(_ models: ModelFiles) async throws -> CodecPool {
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

    private func startWorkers(
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

    private func makeServer(
        _ api: API,
        _ endpoint: HTTPEndpoint,
        _ router: Router,
        _ metrics: ServiceMetrics?,
        _ maxConnections: Int,
        tls: TLSConfiguration? = nil
    ) -> HTTPServer {
        let proxies = settings.trustedProxies.compactMap(AddressBlock.init)
        let configuration = HTTPServerConfiguration(
            endpoint: endpoint,
            trustedProxies: proxies,
            tls: tls,
            limits: HTTPLimits(
                maxHeadBytes: settings.maxHeadBytes,
                maxFields: settings.maxHeadFields,
                maxBodyBytes: settings.maxBodyBytes
            ),
            maxConnections: maxConnections,
            reservedConnections: Settings.reservedConnections,
            maxConnectionsPerAddress: settings.maxConnectionsPerAddress,
            unboundedPeers: AddressBlock.thisMachine + proxies,
            defaultFields: API.defaultFields
        )
        return HTTPServer(
            configuration: configuration,
            logger: logger,
            observer: { metrics?.end($0) },
            loggedPath: { LoggedPath.make($0) },
            handler: { request in
                metrics?.begin(request, by: router)
                return await api.respond(to: request, by: router)
            }
        )
    }

    /// Converts any error to a ``StartFault``.
    private static func starting<Value>(_ step: () throws -> Value) throws -> Value {
        do {
            return try step()
        } catch {
            throw StartFault(description: "\(error)")
        }
    }
}

extension API {
    /// Housekeeping for this API's store and blobs.
    var housekeeping: Housekeeping {
        Housekeeping(
            store: store,
            blobs: blobs,
            disk: disk,
            ledger: ledger,
            leftovers: leftovers,
            downloads: downloads,
            logger: logger,
            reserve: reserve
        )
    }
}
