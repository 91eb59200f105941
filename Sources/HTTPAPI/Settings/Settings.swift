public import HTTPServer
public import JobModel
import Operations
public import Sandbox

/// Everything an operator can set about `palimpsest serve`, parsed once at start.
///
/// Each value has a ``SettingsKey`` with its variable, its flag and its default; ``SettingsLoader`` fills them in and
/// reports every fault together.
public struct Settings: Sendable, Equatable {
    /// Where the API is served.
    public var bind = HTTPEndpoint.internet(address: "127.0.0.1", port: 8080)
    /// The PEM file of the server's certificate and those that lead to a root; `nil` for plain HTTP.
    public var tlsCertificate: String?
    /// The PEM file of the certificate's key.
    public var tlsKey: String?
    /// The PEM file of the authorities that sign clients' certificates; `nil` asks clients for none.
    public var tlsClientCA: String?
    /// Where the metrics are served, apart from the API and without a key; `nil` for nowhere.
    public var metrics: HTTPEndpoint?
    /// The proxies whose `X-Forwarded-For` is believed, as addresses, blocks or `unix`.
    public var trustedProxies: [String] = []
    /// The folder of the database, the blobs and the admin key.
    public var dataFolder = "./data"
    /// The number of codec processes, and so of photos protected at once; at least 1.
    public var workers = 1
    /// The weights file, or a folder of several, or `nil` for the shipped one.
    public var weights: String?
    /// The model of jobs that name none, or `nil` for the only one.
    public var model: ModelName?
    /// How hard PNGs are compressed: 0 (stored) to 12 (smallest, slowest).
    public var compressionLevel = 1
    /// Whether codec processes may make no other system calls than they need.
    public var systemCallFilter = SystemCallFilter.required
    /// The most bytes the head of a request may have.
    public var maxHeadBytes = 16 << 10
    /// The most fields the head of a request may have.
    public var maxHeadFields = 100
    /// The most bytes a request body may have.
    public var maxBodyBytes: UInt64 = 1 << 30
    /// The most bytes one uploaded image may have.
    public var maxImageBytes: UInt64 = 64 << 20
    /// The most images a job may have.
    public var maxImagesPerJob = 10_000
    /// The most pixels a picture may have that is decoded, photo or semantic image.
    public var maxPixels = ImageCost.maxPixels
    /// The most members an archive may have, folders and links among them.
    ///
    /// ``SettingsLoader`` takes ``archiveMembers(forImages:)`` of ``maxImagesPerJob`` where it is not set.
    public var maxArchiveMembers = Self.archiveMembers(forImages: 10_000)
    /// How many times its own size an archive may unpack to; the first 16 MiB are free.
    public var maxArchiveRatio: UInt64 = 100
    /// How long a job and its files are kept after the job has ended.
    public var retention: Duration = .seconds(24 * 60 * 60)
    /// How long files stay that a start finds without a row in the database.
    public var setAside = Leftovers.standardPeriod
    /// Uploads are refused while the disk of the data folder has fewer free bytes.
    public var minFreeBytes: UInt64 = 512 << 20
    /// The most connections at once.
    public var maxConnections = 512
    /// The most connections at once of one address that is neither this machine's nor a trusted proxy's.
    public var maxConnectionsPerAddress = 128
    /// The most requests that one API key may have under way at once, waits and event streams among them.
    ///
    /// ``SettingsLoader`` takes ``requestsPerKey(ofConnections:)`` of ``maxConnections`` where it is not set.
    public var maxRequestsPerKey = Self.requestsPerKey(ofConnections: 512)
    /// The connections beyond ``maxConnections`` that are kept for health, metrics and admins.
    static let reservedConnections = 16
    /// How long the service goes on once it is told to stop, so that balancers see `/readyz` turn.
    public var drainDelay: Duration = .zero
    /// How long open requests may take to finish once the service is told to stop.
    public var drainGrace: Duration = .seconds(20)
    /// The least severe level that is logged.
    public var logLevel = LogLevel.info

    /// The levels of the log, by the names that swift-log gives them.
    public enum LogLevel: String, Sendable, CaseIterable {
        /// Everything.
        case trace
        /// Steps of one request or image.
        case debug
        /// One line a request and a job transition.
        case info
        /// Starts, stops and other turning points.
        case notice
        /// What an operator should look at.
        case warning
        /// What should wake somebody.
        case error
    }

    /// The defaults.
    public init() {}

    /// How many members an archive may need that has as many images: beside each a folder, or what macOS puts there, and a few more.
    static func archiveMembers(forImages images: Int) -> Int { images * 4 + 100 }

    /// How many requests a key may have under way where there are so many connections: a quarter, and a few where there are few.
    static func requestsPerKey(ofConnections connections: Int) -> Int {
        max(min(connections, 8), connections / 4)
    }
}

/// Names one setting: its variable, its flag and what it means.
public enum SettingsKey: String, Sendable, CaseIterable {
    /// The address and port to listen on.
    case bind
    /// The file of the server's certificate.
    case tlsCertificate = "tls-certificate"
    /// The file of the certificate's key.
    case tlsKey = "tls-key"
    /// The file of the authorities of clients' certificates.
    case tlsClientCA = "tls-client-ca"
    /// The address and port of the metrics.
    case metricsBind = "metrics-bind"
    /// The proxies whose word on the client's address is taken.
    case trustedProxies = "trusted-proxies"
    /// The data folder.
    case data
    /// The number of codec processes.
    case workers
    /// The weights file, or a folder of several.
    case weights
    /// The model of jobs that name none.
    case model
    /// How hard PNGs are compressed.
    case compressionLevel = "compression-level"
    /// Whether codec processes may make no other system calls than they need.
    case systemCallFilter = "system-call-filter"
    /// The most bytes of a request's head.
    case maxHeadBytes = "max-head-bytes"
    /// The most fields of a request's head.
    case maxHeadFields = "max-head-fields"
    /// The most bytes of a request body.
    case maxBodyBytes = "max-body-bytes"
    /// The most bytes of one image.
    case maxImageBytes = "max-image-bytes"
    /// The most images of one job.
    case maxImagesPerJob = "max-images-per-job"
    /// The most pixels of a picture.
    case maxPixels = "max-pixels"
    /// The most members of an archive.
    case maxArchiveMembers = "max-archive-members"
    /// How many times its own size an archive may unpack to.
    case maxArchiveRatio = "max-archive-ratio"
    /// The seconds for which a job is kept.
    case retentionSeconds = "retention-seconds"
    /// The seconds for which files without a row are kept.
    case setAsideSeconds = "set-aside-seconds"
    /// The free bytes under which uploads are refused.
    case minFreeBytes = "min-free-bytes"
    /// The most connections at once.
    case maxConnections = "max-connections"
    /// The most connections at once of one address.
    case maxConnectionsPerAddress = "max-connections-per-address"
    /// The most requests at once of one API key.
    case maxRequestsPerKey = "max-requests-per-key"
    /// The seconds between `/readyz`'s turn and the listener's end.
    case drainDelaySeconds = "drain-delay-seconds"
    /// The seconds that open requests get when the service stops.
    case drainSeconds = "drain-seconds"
    /// The least severe level that is logged.
    case logLevel = "log-level"

    /// The prefix of every variable that the service reads.
    static let variablePrefix = "PALIMPSEST_"

    /// The environment variable, such as `PALIMPSEST_MAX_BODY_BYTES`.
    public var variable: String {
        Self.variablePrefix + String(rawValue.map { $0 == "-" ? "_" : $0 }).uppercased()
    }

    /// The flag of the command line, such as `--max-body-bytes`.
    public var flag: String { "--" + rawValue }
}

extension Settings {
    /// The effective value of one setting, as it would be written in a variable.
    ///
    /// - Parameter key: The setting.
    /// - Returns: Its value; empty for one that is not set.
    public func text(of key: SettingsKey) -> String {
        switch key {
        case .bind: return bind.description
        case .tlsCertificate: return tlsCertificate ?? ""
        case .tlsKey: return tlsKey ?? ""
        case .tlsClientCA: return tlsClientCA ?? ""
        case .metricsBind: return metrics?.description ?? ""
        case .trustedProxies: return trustedProxies.joined(separator: ",")
        case .data: return dataFolder
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
