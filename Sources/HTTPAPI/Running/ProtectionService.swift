import CodecHost
import CodecProtocol
import HTTPServer
import JobRunner
public import Logging
import Operations
public import Queue
import SocketIO
import Webhooks

/// The service behind `palimpsest serve`, from opening the data folder to the last request.
public struct ProtectionService: Sendable {
    /// The reason why the service did not start, as one sentence for the operator.
    public struct StartFault: Error, Sendable, CustomStringConvertible {
        /// The sentence.
        public let description: String
    }

    let role: NodeRole
    let settings: Settings
    let logger: Logger
    let version: ProgramVersion
    let announcement: Announcement

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
        do {
            try await run(in: folder, store, models, maxConnections, until: signals)
        } catch {
            try? store.close()
            throw error
        }
    }

    private func run(
        in folder: DataFolder,
        _ store: any Store,
        _ models: ModelFiles,
        _ maxConnections: Int,
        until signals: StopSignals
    ) async throws {
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
}
