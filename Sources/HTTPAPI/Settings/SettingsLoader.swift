import HTTPServer
import JobModel
import Operations
import Sandbox
import SocketIO
import Webhooks

/// Reads settings from environment variables and flags, and collects all faults.
public struct SettingsLoader {
    /// All faults of a configuration: unknown variables, then each setting, then contradictions.
    public struct Faults: Error, Sendable, Equatable, CustomStringConvertible {
        /// One sentence per fault, which names the variable or flag.
        public let sentences: [String]

        /// The sentences, one per line.
        public var description: String { sentences.joined(separator: "\n") }
    }

    private let environment: [String: String]
    private let flags: [SettingsKey: String]
    private var settings = Settings()
    private var faults: [String] = []

    private init(environment: [String: String], flags: [SettingsKey: String]) {
        self.environment = environment
        self.flags = flags
    }

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - environment: The environment of the process. Variables that begin with `PALIMPSEST_` are
    ///     read. An unknown one is a fault, since it is most likely misspelt.
    ///   - flags: The values from the command line, which override variables.
    ///   - cores: The number of cores, the default of ``Settings/workers``.
    /// - Returns: The settings, all within their ranges.
    /// - Throws: ``Faults`` with everything that is wrong.
    public static func load(
        environment: [String: String],
        flags: [SettingsKey: String],
        cores: Int
    ) throws(Faults) -> Settings {
        var loader = SettingsLoader(environment: environment, flags: flags)
        loader.settings.workers = max(1, cores)
        loader.refuseUnknownVariables()
        for key in SettingsKey.allCases {
            loader.read(key)
        }
        loader.completeLimits()
        loader.compareLimits()
        loader.compareTLSFiles()
        loader.comparePlaces()
        guard loader.faults.isEmpty else { throw Faults(sentences: loader.faults) }
        return loader.settings
    }

    // MARK: - One setting

    private mutating func refuseUnknownVariables() {
        // PALIMPSEST_ISA selects the kernels in codec processes, for tests; PALIMPSEST_KEY is for
        // `submit`.
        let known = Set(
            SettingsKey.allCases.map(\.variable) + ["PALIMPSEST_ISA", "PALIMPSEST_KEY"]
        )
        for name in environment.keys.sorted()
        where name.hasPrefix(SettingsKey.variablePrefix) && !known.contains(name) {
            let prefix = SettingsKey.variablePrefix
            let words = known.map { String($0.dropFirst(prefix.count)) }.sorted()
            let nearest = Spelling.nearest(to: String(name.dropFirst(prefix.count)), among: words)
            let suggestion = nearest.map { "; did you mean \(prefix)\($0)?" } ?? "."
            faults.append("\(name) is not a setting of this version\(suggestion)")
        }
    }

    private mutating func read(_ key: SettingsKey) {
        let source: String
        let text: String
        if let flag = flags[key] {
            (source, text) = (key.flag, flag)
        } else if let variable = environment[key.variable] {
            (source, text) = (key.variable, variable)
        } else {
            return
        }
        switch key {
        case .bind: readEndpoint(text, from: source) { $0.bind = $1 }
        case .tlsCertificate: readText(text, from: source) { $0.tlsCertificate = $1 }
        case .tlsKey: readText(text, from: source) { $0.tlsKey = $1 }
        case .tlsClientCA: readText(text, from: source) { $0.tlsClientCA = $1 }
        case .metricsBind: readEndpoint(text, from: source) { $0.metrics = $1 }
        case .trustedProxies: readProxies(text, from: source)
        case .corsOrigins: readOrigins(text, from: source)
        case .webhooks: readSwitch(text, from: source) { $0.webhooks = $1 }
        case .webhookLocalHosts: readLocalHosts(text, from: source)
        case .data: readText(text, from: source) { $0.dataFolder = $1 }
        case .database: readDatabase(text, from: source)
        case .blobs: readBlobs(text, from: source)
        case .node: readNode(text, from: source)
        case .weights: readText(text, from: source) { $0.weights = $1 }
        case .model: readModel(text, from: source)
        case .workers: readNumber(text, from: source, in: 1...256) { $0.workers = Int($1) }
        case .compressionLevel:
            readNumber(text, from: source, in: 0...12) { $0.compressionLevel = Int($1) }
        case .systemCallFilter: readFilter(text, from: source)
        case .maxHeadBytes:
            readNumber(text, from: source, in: 1024...(1 << 20)) { $0.maxHeadBytes = Int($1) }
        // A limit below the number of fields that browsers send would lock them out.
        case .maxHeadFields:
            readNumber(text, from: source, in: 20...1000) { $0.maxHeadFields = Int($1) }
        case .maxBodyBytes:
            readNumber(text, from: source, in: 1024...(1 << 40)) { $0.maxBodyBytes = $1 }
        case .maxImageBytes:
            readNumber(text, from: source, in: 1024...(256 << 20)) { $0.maxImageBytes = $1 }
        case .maxImagesPerJob:
            readNumber(text, from: source, in: 1...100_000) { $0.maxImagesPerJob = Int($1) }
        case .maxPixels:
            let range =
                UInt64(
                    ImageCost.maxPixelsRange.lowerBound
                )...UInt64(ImageCost.maxPixelsRange.upperBound)
            readNumber(text, from: source, in: range) { $0.maxPixels = Int($1) }
        case .maxArchiveMembers:
            readNumber(text, from: source, in: 1...500_000) { $0.maxArchiveMembers = Int($1) }
        // Deflate compresses at most 1,032 times, so a higher limit would have no effect.
        case .maxArchiveRatio:
            readNumber(text, from: source, in: 1...1032) { $0.maxArchiveRatio = $1 }
        case .retentionSeconds:
            readNumber(text, from: source, in: 60...(366 * 24 * 60 * 60)) {
                $0.retention = .seconds(Int64($1))
            }
        case .setAsideSeconds:
            readNumber(text, from: source, in: 0...(366 * 24 * 60 * 60)) {
                $0.setAside = .seconds(Int64($1))
            }
        case .minFreeBytes:
            readNumber(text, from: source, in: 0...(1 << 50)) { $0.minFreeBytes = $1 }
        case .maxConnections:
            readNumber(text, from: source, in: 1...65_536) { $0.maxConnections = Int($1) }
        case .maxConnectionsPerAddress:
            readNumber(text, from: source, in: 1...65_536) { $0.maxConnectionsPerAddress = Int($1) }
        case .maxRequestsPerKey:
            readNumber(text, from: source, in: 1...65_536) { $0.maxRequestsPerKey = Int($1) }
        case .drainDelaySeconds:
            readNumber(text, from: source, in: 0...3600) { $0.drainDelay = .seconds(Int64($1)) }
        case .drainSeconds:
            readNumber(text, from: source, in: 0...3600) { $0.drainGrace = .seconds(Int64($1)) }
        case .logLevel: readLogLevel(text, from: source)
        }
    }

    private mutating func readText(
        _ text: String,
        from source: String,
        set: (inout Settings, String) -> Void
    ) {
        guard !text.isEmpty, !text.utf8.contains(0) else {
            faults.append("\(source) is empty.")
            return
        }
        set(&settings, text)
    }

    private mutating func readNumber(
        _ text: String,
        from source: String,
        in range: ClosedRange<UInt64>,
        set: (inout Settings, UInt64) -> Void
    ) {
        // Swift also parses "+5".
        guard let value = UInt64(text), text.utf8.first != UInt8(ascii: "+"), range.contains(value)
        else {
            faults.append(
                "\(source) must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'."
            )
            return
        }
        set(&settings, value)
    }

    private mutating func readSwitch(
        _ text: String,
        from source: String,
        set: (inout Settings, Bool) -> Void
    ) {
        guard text == "on" || text == "off" else {
            faults.append("\(source) must be on or off, not '\(text)'.")
            return
        }
        set(&settings, text == "on")
    }

    private mutating func readDatabase(_ text: String, from source: String) {
        do throws(LocationFault) {
            settings.database = try DatabaseLocation(text)
        } catch {
            faults.append("\(source) \(error).")
        }
    }

    private mutating func readBlobs(_ text: String, from source: String) {
        do throws(LocationFault) {
            settings.blobs = try BlobLocation(text)
        } catch {
            faults.append("\(source) \(error).")
        }
    }

    private mutating func readNode(_ text: String, from source: String) {
        guard WorkerOwner(instance: text, run: "0", worker: 0) != nil else {
            faults.append(
                "\(source) must be 1 to 64 letters, digits, '-' or '_', not '\(text)'."
            )
            return
        }
        settings.node = text
    }

    private mutating func readModel(_ text: String, from source: String) {
        guard let model = ModelName(rawValue: text) else {
            faults.append("\(source) must be \(ModelName.rule), not '\(text)'.")
            return
        }
        settings.model = model
    }

    private mutating func readFilter(_ text: String, from source: String) {
        guard let filter = SystemCallFilter(rawValue: text) else {
            let names = SystemCallFilter.allCases.map(\.rawValue).joined(separator: " or ")
            faults.append("\(source) must be \(names), not '\(text)'.")
            return
        }
        settings.systemCallFilter = filter
    }

    private mutating func readLogLevel(_ text: String, from source: String) {
        guard let level = Settings.LogLevel(rawValue: text) else {
            let names = Settings.LogLevel.allCases.map(\.rawValue).joined(separator: ", ")
            faults.append("\(source) must be one of \(names), not '\(text)'.")
            return
        }
        settings.logLevel = level
    }

    private mutating func readEndpoint(
        _ text: String,
        from source: String,
        set: (inout Settings, HTTPEndpoint) -> Void
    ) {
        let unix = "unix:"
        if text == "systemd" { return set(&settings, .systemd) }
        if text.hasPrefix(unix), text.utf8.count > unix.utf8.count, !text.utf8.contains(0) {
            return set(&settings, .unix(path: String(text.dropFirst(unix.count))))
        }
        guard let colon = text.lastIndex(of: ":"),
            let port = Self.port(text[text.index(after: colon)...])
        else {
            faults.append(
                "\(source) must be ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080, unix:PATH or systemd, not '\(text)'."
            )
            return
        }
        var address = text[..<colon]
        if address.hasPrefix("["), address.hasSuffix("]") {
            address = address.dropFirst().dropLast()
        } else if address.contains(":") {
            faults.append(
                "\(source) must have an IPv6 address in brackets, such as [::1]:8080, not '\(text)'."
            )
            return
        }
        guard !address.isEmpty else {
            faults.append(
                "\(source) has no address before the port; 0.0.0.0:\(port) listens on every IPv4 address."
            )
            return
        }
        set(&settings, .internet(address: String(address), port: port))
    }

    /// Parses a port; digits only.
    private static func port(_ text: Substring) -> UInt16? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt16(text) : nil
    }

    private mutating func readProxies(_ text: String, from source: String) {
        let names = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        for name in names where AddressBlock(name) == nil {
            faults.append(
                "\(source) must hold addresses, blocks such as 10.0.0.0/8, or unix, not '\(name)'."
            )
        }
        settings.trustedProxies = names
    }

    private mutating func readOrigins(_ text: String, from source: String) {
        let origins = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        for origin in origins where !WebOrigin.isValid(origin) {
            faults.append("\(source) must hold \(WebOrigin.rule), not '\(origin)'.")
        }
        settings.corsOrigins = origins
    }

    private mutating func readLocalHosts(_ text: String, from source: String) {
        let hosts = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
        for host in hosts where WebhookURL("http://\(host)")?.target != "/" || host.hasSuffix("/") {
            faults.append(
                "\(source) must hold hosts, such as hooks.lan or 10.0.0.7:8000, not '\(host)'."
            )
        }
        settings.webhookLocalHosts = hosts
    }

    // MARK: - Relations between settings

    /// Derives the limits that are not set from others.
    private mutating func completeLimits() {
        if !isSet(.maxArchiveMembers) {
            settings.maxArchiveMembers = Settings.archiveMembers(
                forImages: settings.maxImagesPerJob
            )
        }
        if !isSet(.maxRequestsPerKey) {
            settings.maxRequestsPerKey = Settings.requestsPerKey(
                ofConnections: settings.maxConnections
            )
        }
    }

    private func isSet(_ key: SettingsKey) -> Bool { text(of: key) != nil }

    private func text(of key: SettingsKey) -> String? { flags[key] ?? environment[key.variable] }

    private mutating func compareTLSFiles() {
        if (settings.tlsCertificate == nil) != (settings.tlsKey == nil) {
            faults.append(
                "\(SettingsKey.tlsCertificate.variable) and \(SettingsKey.tlsKey.variable) need each other."
            )
        }
        if settings.tlsClientCA != nil, settings.tlsCertificate == nil {
            faults.append(
                "\(SettingsKey.tlsClientCA.variable) needs \(SettingsKey.tlsCertificate.variable)."
            )
        }
    }

    private mutating func comparePlaces() {
        // A place that could not be read has its own fault.
        let isRead = text(of: .blobs).map { $0 == settings.blobs.text } ?? true
        if settings.database.isShared, !settings.blobs.isShared, isRead {
            faults.append(
                "\(SettingsKey.database.variable) is shared by nodes, so "
                    + "\(SettingsKey.blobs.variable) must be a place that all of them reach: "
                    + "file:///PATH or s3://BUCKET/PREFIX."
            )
        }
    }

    private mutating func compareLimits() {
        if settings.maxImageBytes > settings.maxBodyBytes {
            faults.append(
                "\(SettingsKey.maxImageBytes.variable) (\(settings.maxImageBytes)) is more than "
                    + "\(SettingsKey.maxBodyBytes.variable) (\(settings.maxBodyBytes))."
            )
        }
    }
}
