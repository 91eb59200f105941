import HTTPServer
import Testing

@testable import HTTPAPI

@Suite("Settings")
struct SettingsTests {
    @Test("Without variables and flags the defaults hold")
    func defaults() throws {
        let settings = try SettingsLoader.load(environment: ["PATH": "/bin"], flags: [:], cores: 3)
        #expect(settings.bind == .internet(address: "127.0.0.1", port: 8080))
        #expect(settings.workers == 3)
        #expect(settings.maxBodyBytes == 1_073_741_824)
        #expect(settings.maxImageBytes == 67_108_864)
        #expect(settings.maxImagesPerJob == 10_000)
        #expect(settings.retention == .seconds(86_400))
        #expect(settings.weights == nil && settings.model == nil)
    }

    @Test("A flag wins over a variable, which wins over the default")
    func precedence() throws {
        let environment = [
            "PALIMPSEST_WORKERS": "4", "PALIMPSEST_BIND": "[::1]:81",
            "PALIMPSEST_RETENTION_SECONDS": "60",
        ]
        let settings = try SettingsLoader.load(
            environment: environment,
            flags: [.workers: "5"],
            cores: 1
        )
        #expect(settings.workers == 5)
        #expect(settings.bind == .internet(address: "::1", port: 81))
        #expect(settings.retention == .seconds(60))
    }

    @Test("All faults are reported together, each with the name of its source")
    func faults() {
        let environment = [
            "PALIMPSEST_MAX_BODY_BYTES": "lots", "PALIMPSEST_LOG_LEVEL": "loud",
            "PALIMPSEST_WORKERSS": "1",
            "PALIMPSEST_DATA": "", "PALIMPSEST_MODEL": "a b",
        ]
        let error = #expect(throws: SettingsLoader.Faults.self) {
            try SettingsLoader.load(
                environment: environment,
                flags: [.bind: "nowhere", .workers: "0"],
                cores: 1
            )
        }
        let text = error?.description ?? ""
        #expect(error?.sentences.count == 7)
        for name in [
            "PALIMPSEST_MAX_BODY_BYTES", "PALIMPSEST_LOG_LEVEL", "PALIMPSEST_WORKERSS",
            "PALIMPSEST_DATA", "--bind",
            "--workers", "PALIMPSEST_MODEL must be 1 to 64 letters, digits, '-', '_' and '.'",
        ] {
            #expect(text.contains(name))
        }
    }

    @Test(
        "An address that cannot be meant is refused",
        arguments: [
            "8080", ":8080", "unix:", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
            "[]:80",
        ]
    )
    func badBind(text: String) {
        #expect(throws: SettingsLoader.Faults.self) {
            try SettingsLoader.load(environment: [:], flags: [.bind: text], cores: 1)
        }
    }

    @Test("A limit of images over the limit of bodies is a fault of both")
    func limitsAgainstEachOther() {
        let flags: [SettingsKey: String] = [.maxBodyBytes: "2000", .maxImageBytes: "3000"]
        let error = #expect(throws: SettingsLoader.Faults.self) {
            try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
        }
        #expect(error?.sentences.count == 1)
    }

    @Test(
        "A place that cannot be meant is refused, and so is a secret in it",
        arguments: [
            (SettingsKey.database, "mysql://db/photos"), (.database, ""),
            (.database, "postgres://me:secret@db/photos"),
            (.database, "postgres://db/photos?password=secret"),
            (.database, "postgres://db/photos?schema=Public"),
            (.database, "postgres://db/photos?schema"), (.blobs, "s3:/bucket"), (.blobs, "file://"),
            (.blobs, "file:///"), (.blobs, "/srv/photos"), (.blobs, "s3://B/"), (.node, "a b"),
            (.node, ""),
        ]
    )
    func badPlace(key: SettingsKey, text: String) {
        var flags: [SettingsKey: String] = [
            .database: "postgres://db/photos", .blobs: "file:///srv/photos",
        ]
        flags[key] = text
        let error = #expect(throws: SettingsLoader.Faults.self) {
            try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
        }
        #expect(error?.sentences.count == 1)
        #expect(error?.description.contains("secret") == false)
        #expect(error?.description.hasPrefix(key.flag) == true)
    }

    @Test("A database of many nodes needs a place for photos that all of them reach")
    func databaseWithoutBlobs() throws {
        let flags: [SettingsKey: String] = [.database: "postgres://db/photos"]
        let error = #expect(throws: SettingsLoader.Faults.self) {
            try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
        }
        #expect(error?.description.contains("PALIMPSEST_BLOBS") == true)
        // One node may have its photos elsewhere.
        _ = try SettingsLoader.load(
            environment: [:],
            flags: [.blobs: "file:///srv/photos"],
            cores: 1
        )
    }

    @Test(
        "What is printed of the settings reads back as the same settings",
        arguments: ["127.0.0.1:0", "[::1]:8080", "unix:/run/s", "systemd"]
    )
    func roundTrip(bind: String) throws {
        let flags: [SettingsKey: String] = [
            .bind: bind, .tlsCertificate: "/c", .tlsKey: "/k", .tlsClientCA: "/a",
            .trustedProxies: "10.0.0.0/8,::1,unix",
            .corsOrigins: "https://photos.example,http://[::1]:5173", .webhooks: "on",
            .webhookLocalHosts: "hooks.lan,10.0.0.7:8000,[fd00::1]:80",
            .data: "/d", .database: "postgres://palimpsest@db.lan,db2.lan/photos?schema=plm",
            .blobs: "s3://photos/a?endpoint=http://s3.lan:9000&region=here", .node: "front-1",
            .weights: "/w", .model: "wide-2.1",
            .metricsBind: "127.0.0.1:9", .drainSeconds: "0",
            .logLevel: "debug",
        ]
        let settings = try SettingsLoader.load(environment: [:], flags: flags, cores: 2)
        let printed = Dictionary(
            uniqueKeysWithValues: SettingsKey.allCases.map { ($0.variable, settings.text(of: $0)) }
        )
        #expect(try SettingsLoader.load(environment: printed, flags: [:], cores: 7) == settings)
    }
}
