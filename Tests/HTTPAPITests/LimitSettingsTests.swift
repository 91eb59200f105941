import Archive
import HTTPWire
import JobModel
import Testing

@testable import HTTPAPI

@Suite("Settings of limits")
struct LimitSettingsTests {
    private func load(_ flags: [SettingsKey: String]) throws -> Settings {
        try SettingsLoader.load(environment: [:], flags: flags, cores: 1)
    }

    @Test("The defaults are those of whoever keeps the limits")
    func defaults() throws {
        let settings = try load([:])
        #expect(settings.maxHeadBytes == HTTPLimits().maxHeadBytes)
        #expect(settings.maxHeadFields == HTTPLimits().maxFields)
        #expect(settings.maxBodyBytes == HTTPLimits().maxBodyBytes)
        #expect(settings.maxPixels == ImageCost.maxPixels)
        #expect(settings.maxArchiveMembers == ArchiveLimits().maxMembers)
        #expect(settings.maxArchiveRatio == ArchiveLimits().maxRatio)
        #expect(settings == Settings())
    }

    @Test(
        "Each limit is read from its variable, and what is beyond its range is a fault that names the variable and the range",
        arguments: [
            (SettingsKey.maxHeadBytes, "PALIMPSEST_MAX_HEAD_BYTES", 1024, 1_048_576),
            (.maxHeadFields, "PALIMPSEST_MAX_HEAD_FIELDS", 20, 1000),
            (.maxPixels, "PALIMPSEST_MAX_PIXELS", 1000, 250_000_000),
            (.maxArchiveMembers, "PALIMPSEST_MAX_ARCHIVE_MEMBERS", 1, 500_000),
            (.maxArchiveRatio, "PALIMPSEST_MAX_ARCHIVE_RATIO", 1, 1032),
            (.maxRequestsPerKey, "PALIMPSEST_MAX_REQUESTS_PER_KEY", 1, 65_536),
        ]
    )
    func ranges(key: SettingsKey, variable: String, least: Int, most: Int) throws {
        for value in [least, most] {
            let settings = try SettingsLoader.load(
                environment: [variable: String(value)],
                flags: [:],
                cores: 1
            )
            #expect(settings.text(of: key) == String(value))
        }
        for text in [
            String(least - 1), String(most + 1), "", "many", "-1", "+\(least)", "1e6", "2.5",
            "\u{FF15}000",
        ] {
            let error = #expect(throws: SettingsLoader.Faults.self) {
                try SettingsLoader.load(environment: [variable: text], flags: [:], cores: 1)
            }
            #expect(
                error?.sentences == [
                    "\(variable) must be a whole number from \(least) to \(most), not '\(text)'."
                ]
            )
        }
    }

    @Test("Each limit is another one of the service's")
    func places() throws {
        let settings = try load([
            .maxHeadBytes: "2001", .maxHeadFields: "21", .maxPixels: "2003",
            .maxArchiveMembers: "24",
            .maxArchiveRatio: "25",
        ])
        #expect(settings.maxHeadBytes == 2001)
        #expect(settings.maxHeadFields == 21)
        #expect(settings.maxPixels == 2003)
        #expect(settings.maxArchiveMembers == 24)
        #expect(settings.maxArchiveRatio == 25)
    }

    @Test("All limits that are wrong are told together, beside other faults")
    func together() {
        let flags: [SettingsKey: String] = [
            .maxHeadBytes: "1", .maxHeadFields: "1", .maxPixels: "1", .maxArchiveMembers: "0",
            .maxArchiveRatio: "0",
            .workers: "0",
        ]
        let error = #expect(throws: SettingsLoader.Faults.self) { try load(flags) }
        #expect(error?.sentences.count == 6)
        for key in flags.keys { #expect(error?.description.contains(key.flag) == true) }
    }

    @Test("The requests of a key follow the connections unless they are set")
    func requestsPerKey() throws {
        #expect(try load([:]).maxRequestsPerKey == 128)
        #expect(try load([.maxConnections: "4000"]).maxRequestsPerKey == 1000)
        #expect(try load([.maxConnections: "20"]).maxRequestsPerKey == 8)
        #expect(try load([.maxConnections: "3"]).maxRequestsPerKey == 3)
        #expect(
            try load([.maxConnections: "20", .maxRequestsPerKey: "20"]).maxRequestsPerKey == 20
        )
    }

    @Test("There are no more connections than descriptors for them, and at least one")
    func connectionsWithinDescriptors() {
        #expect(FileLimit.connections(wanted: 512, limit: nil) == 512)
        #expect(FileLimit.connections(wanted: 512, limit: 1024) == 512)
        #expect(FileLimit.connections(wanted: 512, limit: 256) == 112)
        #expect(FileLimit.connections(wanted: 512, limit: 100) == 1)
    }

    @Test(
        "A port is digits",
        arguments: [
            "127.0.0.1:+8080", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:\u{FF18}0", "[::1]:65536",
        ]
    )
    func ports(text: String) {
        #expect(throws: SettingsLoader.Faults.self) { try load([.bind: text]) }
    }

    @Test("The members of an archive follow the images of a job unless they are set")
    func members() throws {
        #expect(try load([.maxImagesPerJob: "100"]).maxArchiveMembers == 500)
        #expect(try load([.maxImagesPerJob: "100000"]).maxArchiveMembers == 400_100)
        #expect(
            try load([.maxImagesPerJob: "100", .maxArchiveMembers: "7"]).maxArchiveMembers == 7
        )
        // So what is printed of the settings reads back, too.
        let variable = [SettingsKey.maxArchiveMembers.variable: "7"]
        #expect(
            try SettingsLoader.load(environment: variable, flags: [:], cores: 1).maxArchiveMembers
                == 7
        )
    }
}
