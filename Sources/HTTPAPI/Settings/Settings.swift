public import HTTPServer
public import JobModel
public import Operations
public import Sandbox
import Webhooks

/// The settings of `palimpsest serve`.
///
/// They are parsed once at the start. Each has a ``SettingsKey`` that names its variable and its
/// flag, and its default here. ``SettingsLoader`` fills them in, checks the ranges, and reports all
/// faults together.
public struct Settings: Sendable, Equatable {
    /// The address of the API.
    public var bind = HTTPEndpoint.internet(address: "127.0.0.1", port: 8080)
    /// The PEM file with the server's certificate and its chain; `nil` for plain HTTP.
    public var tlsCertificate: String?
    /// The PEM file with the certificate's key.
    public var tlsKey: String?
    /// The PEM file with the authorities of client certificates; `nil` requests no client
    /// certificate.
    public var tlsClientCA: String?
    /// The address of the metrics, which require no key; `nil` to serve none.
    public var metrics: HTTPEndpoint?
    /// The proxies whose `X-Forwarded-For` is trusted: addresses, blocks such as `10.0.0.0/8`, or
    /// `unix`.
    public var trustedProxies: [String] = []
    /// The origins of the pages that may call the API from a browser, such as
    /// `https://photos.example`; none by default.
    public var corsOrigins: [String] = []
    /// Whether keys may have webhooks, which is the one thing for which the service calls others.
    public var webhooks = false
    /// The hosts of the operator's own network that webhooks may go to, as `HOST` or `HOST:PORT`.
    public var webhookLocalHosts: [String] = []
    /// The folder of the database, the blobs, the admin key and the signing key.
    public var dataFolder = "./data"
    /// Where the database is.
    public var database = DatabaseLocation.folder
    /// Where photos and results are.
    public var blobs = BlobLocation.folder
    /// The name of this node among those that share a database; `nil` for one that is drawn.
    public var node: String?
    /// The number of codec processes, which work in parallel, from 1 to 256.
    ///
    /// ``SettingsLoader`` defaults to the number of cores.
    public var workers = 1
    /// The weights file, or a folder with several; `nil` for the shipped one.
    public var weights: String?
    /// The model of jobs that name none; `nil` if there is only one.
    public var model: ModelName?
    /// The compression level of PNGs: 0 (stored) to 12 (smallest, slowest).
    public var compressionLevel = 1
    /// Whether codec processes are restricted to the system calls that they need.
    public var systemCallFilter = SystemCallFilter.required
    /// The most bytes in the head of a request, from 1 KiB to 1 MiB.
    public var maxHeadBytes = 16 << 10
    /// The most fields in the head of a request, from 20 to 1,000.
    public var maxHeadFields = 100
    /// The most bytes in the body of a request, from 1 KiB to 1 TiB.
    public var maxBodyBytes: UInt64 = 1 << 30
    /// The most bytes in an uploaded image, from 1 KiB to 256 MiB, at most ``maxBodyBytes``.
    public var maxImageBytes: UInt64 = 64 << 20
    /// The most images in a job, from 1 to 100,000.
    public var maxImagesPerJob = 10_000
    /// The most pixels in a decoded picture, photo or semantic image, from 1,000 to 250,000,000.
    public var maxPixels = ImageCost.maxPixels
    /// The most members in an archive, including folders and links, from 1 to 500,000.
    ///
    /// ``SettingsLoader`` defaults to ``archiveMembers(forImages:)`` of ``maxImagesPerJob``.
    public var maxArchiveMembers = Self.archiveMembers(forImages: 10_000)
    /// The largest ratio of an archive's unpacked size to its own, from 1 to 1,032.
    ///
    /// It applies beyond the first 16 MiB unpacked.
    public var maxArchiveRatio: UInt64 = 100
    /// How long a job and its files are kept after it has ended, from 1 minute to 366 days.
    public var retention: Duration = .seconds(24 * 60 * 60)
    /// How long files without a row in the database are kept after a start found them, at most 366
    /// days.
    public var setAside = Leftovers.standardPeriod
    /// The free bytes on the data folder's disk below which uploads are refused, at most 1 PiB.
    public var minFreeBytes: UInt64 = 512 << 20
    /// The most connections at once, from 1 to 65,536.
    public var maxConnections = 512
    /// The most connections at once from one address, from 1 to 65,536.
    ///
    /// Addresses of this machine and of trusted proxies are exempt.
    public var maxConnectionsPerAddress = 128
    /// The most open requests of one API key, including waits and event streams, from 1 to 65,536.
    ///
    /// ``SettingsLoader`` defaults to ``requestsPerKey(ofConnections:)`` of ``maxConnections``.
    public var maxRequestsPerKey = Self.requestsPerKey(ofConnections: 512)
    /// The connections beyond ``maxConnections`` that are reserved for health checks, metrics and
    /// admins.
    static let reservedConnections = 16
    /// How long the service keeps serving after `/readyz` fails, so that load balancers notice; at
    /// most 1 hour.
    public var drainDelay: Duration = .zero
    /// How long open requests and images in progress may take to finish at a stop; at most 1 hour.
    public var drainGrace: Duration = .seconds(20)
    /// The least severe level to log.
    public var logLevel = LogLevel.info

    /// The levels of the log, named as in swift-log.
    public enum LogLevel: String, Sendable, CaseIterable {
        /// Everything.
        case trace
        /// The steps of a request or an image.
        case debug
        /// One line per request and per change of a job.
        case info
        /// Starts, stops and other milestones.
        case notice
        /// Conditions that an operator should look at.
        case warning
        /// Conditions that should wake somebody.
        case error
    }

    /// Where webhooks may go.
    var webhookPolicy: WebhookPolicy { WebhookPolicy(localHosts: webhookLocalHosts) }

    /// Creates settings with the defaults.
    public init() {}

    /// Returns a limit on an archive's members for a number of images.
    ///
    /// Beside each image there may be a folder, or a file that macOS adds.
    static func archiveMembers(forImages images: Int) -> Int { images * 4 + 100 }

    /// Returns a limit on one key's requests: a quarter of the connections, but at least 8 if there
    /// are as many.
    static func requestsPerKey(ofConnections connections: Int) -> Int {
        max(min(connections, 8), connections / 4)
    }
}

/// A setting, which names its variable and its flag.
public enum SettingsKey: String, Sendable, CaseIterable {
    /// The address of the API.
    case bind
    /// The file of the server's certificate.
    case tlsCertificate = "tls-certificate"
    /// The file of the certificate's key.
    case tlsKey = "tls-key"
    /// The file with the authorities of client certificates.
    case tlsClientCA = "tls-client-ca"
    /// The address of the metrics.
    case metricsBind = "metrics-bind"
    /// The proxies whose `X-Forwarded-For` is trusted.
    case trustedProxies = "trusted-proxies"
    /// The origins of the pages that may call the API from a browser.
    case corsOrigins = "cors-origins"
    /// Whether keys may have webhooks.
    case webhooks
    /// The hosts of the operator's own network that webhooks may go to.
    case webhookLocalHosts = "webhook-local-hosts"
    /// The data folder.
    case data
    /// Where the database is.
    case database
    /// Where photos and results are.
    case blobs
    /// The name of this node.
    case node
    /// The number of codec processes.
    case workers
    /// The weights file, or a folder with several.
    case weights
    /// The model of jobs that name none.
    case model
    /// The compression level of PNGs.
    case compressionLevel = "compression-level"
    /// Whether codec processes are restricted to the system calls that they need.
    case systemCallFilter = "system-call-filter"
    /// The most bytes in the head of a request.
    case maxHeadBytes = "max-head-bytes"
    /// The most fields in the head of a request.
    case maxHeadFields = "max-head-fields"
    /// The most bytes in the body of a request.
    case maxBodyBytes = "max-body-bytes"
    /// The most bytes in an image.
    case maxImageBytes = "max-image-bytes"
    /// The most images in a job.
    case maxImagesPerJob = "max-images-per-job"
    /// The most pixels in a picture.
    case maxPixels = "max-pixels"
    /// The most members in an archive.
    case maxArchiveMembers = "max-archive-members"
    /// The largest ratio of an archive's unpacked size to its own.
    case maxArchiveRatio = "max-archive-ratio"
    /// How many seconds a job is kept after it has ended.
    case retentionSeconds = "retention-seconds"
    /// How many seconds files without a row are kept.
    case setAsideSeconds = "set-aside-seconds"
    /// The free bytes below which uploads are refused.
    case minFreeBytes = "min-free-bytes"
    /// The most connections at once.
    case maxConnections = "max-connections"
    /// The most connections at once from one address.
    case maxConnectionsPerAddress = "max-connections-per-address"
    /// The most open requests of one API key.
    case maxRequestsPerKey = "max-requests-per-key"
    /// The seconds between the failure of `/readyz` and the closing of the listener.
    case drainDelaySeconds = "drain-delay-seconds"
    /// The seconds that open requests may take to finish at a stop.
    case drainSeconds = "drain-seconds"
    /// The least severe level to log.
    case logLevel = "log-level"

    /// The prefix of the variables that the service reads.
    static let variablePrefix = "PALIMPSEST_"

    /// The environment variable, such as `PALIMPSEST_MAX_BODY_BYTES`.
    public var variable: String {
        Self.variablePrefix + String(rawValue.map { $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// The command line flag, such as `--max-body-bytes`.
    public var flag: String { "--" + rawValue }
}

extension Settings {
    /// Returns the effective value of a setting, in the form of its variable.
    ///
    /// - Parameter key: The setting.
    /// - Returns: Its value; empty if it has none.
    public func text(of key: SettingsKey) -> String {
        switch key {
        case .bind: return bind.description
        case .tlsCertificate: return tlsCertificate ?? ""
        case .tlsKey: return tlsKey ?? ""
        case .tlsClientCA: return tlsClientCA ?? ""
        case .metricsBind: return metrics?.description ?? ""
        case .trustedProxies: return trustedProxies.joined(separator: ",")
        case .corsOrigins: return corsOrigins.joined(separator: ",")
        case .webhooks: return webhooks ? "on" : "off"
        case .webhookLocalHosts: return webhookLocalHosts.joined(separator: ",")
        case .data: return dataFolder
        case .database: return database.text
        case .blobs: return blobs.text
        case .node: return node ?? ""
        case .workers: return String(workers)
        case .weights: return weights ?? ""
        case .model: return model?.rawValue ?? ""
        case .compressionLevel: return String(compressionLevel)
        case .systemCallFilter: return systemCallFilter.rawValue
        case .maxHeadBytes: return String(maxHeadBytes)
        case .maxHeadFields: return String(maxHeadFields)
        case .maxBodyBytes: return String(maxBodyBytes)
        case .maxImageBytes: return String(maxImageBytes)
        case .maxImagesPerJob: return String(maxImagesPerJob)
        case .maxPixels: return String(maxPixels)
        case .maxArchiveMembers: return String(maxArchiveMembers)
        case .maxArchiveRatio: return String(maxArchiveRatio)
        case .retentionSeconds: return String(retention.components.seconds)
        case .setAsideSeconds: return String(setAside.components.seconds)
        case .minFreeBytes: return String(minFreeBytes)
        case .maxConnections: return String(maxConnections)
        case .maxConnectionsPerAddress: return String(maxConnectionsPerAddress)
        case .maxRequestsPerKey: return String(maxRequestsPerKey)
        case .drainDelaySeconds: return String(drainDelay.components.seconds)
        case .drainSeconds: return String(drainGrace.components.seconds)
        case .logLevel: return logLevel.rawValue
        }
    }
}
