import BlobStorage
import CodecHost
import Cryptography
import FoundationEssentials
import JobRunner
import Operations
import POSIX
import Queue

/// What a node opens before it listens.
extension ProtectionService {
    func prepare(
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
    func signingKey(_ folder: DataFolder, _ store: any Store) async throws -> SigningKey {
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

    func unusable(_ error: any Error) -> StartFault {
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

    /// Converts any error to a ``StartFault``.
    static func starting<Value>(_ step: () throws -> Value) throws -> Value {
        do {
            return try step()
        } catch {
            throw StartFault(description: "\(error)")
        }
    }
}
