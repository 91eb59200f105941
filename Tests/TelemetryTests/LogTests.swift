import Foundation
import Logging
import Synchronization
import Testing

@testable import Telemetry

@Suite struct LogTests {
    @Test func `A line is one JSON object with the metadata under their own keys`() throws {
        let lines = Lines()
        var logger = Logger(label: "palimpsest.test") {
            JSONLinesLogHandler(label: $0, level: .debug, output: lines.take)
        }
        logger[metadataKey: "job.id"] = "job_1"
        logger.info(
            "finished",
            metadata: [
                "count": "\(3)", "list": ["a", ["b", "c"]], "deep": ["x": ["y": "z"]], "none": [:],
                "level": "mine",
            ]
        )
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("\n") && line.dropLast().allSatisfy { $0 != "\n" })
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        )
        #expect(object["level"] as? String == "info")
        #expect(object["logger"] as? String == "palimpsest.test")
        #expect(object["message"] as? String == "finished")
        #expect(object["job.id"] as? String == "job_1")
        #expect(object["count"] as? String == "3")
        #expect(object["metadata.level"] as? String == "mine")
        #expect((object["list"] as? [Any])?.count == 2)
        #expect(((object["list"] as? [Any])?.last as? [String]) == ["b", "c"])
        #expect((object["deep"] as? [String: [String: String]])?["x"]?["y"] == "z")
        #expect((object["none"] as? [String: String])?.isEmpty == true)
        let time = try #require(object["time"] as? String)
        #expect(
            try Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
                .timeIntervalSinceNow
                .magnitude < 60
        )
    }

    @Test func `Numbers and truth values are those of JSON, and what JSON has not is a string`()
        throws
    {
        let lines = Lines()
        let logger = Logger(label: "l") { JSONLinesLogHandler(label: $0, output: lines.take) }
        logger.info(
            "x",
            metadata: [
                "int": .stringConvertible(-3), "large": .stringConvertible(UInt64.max),
                "double": .stringConvertible(0.25), "tiny": .stringConvertible(1e-9),
                "nan": .stringConvertible(Double.nan),
                "infinite": .stringConvertible(-Float.infinity),
                "yes": .stringConvertible(true), "text": .stringConvertible(Duration.seconds(1)),
                "digits": "007", "list": [.stringConvertible(1), "1"],
            ]
        )
        struct Line: Decodable, Equatable {
            var int = -3
            var large = UInt64.max
            var double = 0.25
            var tiny = 1e-9
            var nan = "nan"
            var infinite = "-inf"
            var yes = true
            var text = "1.0 seconds"
            var digits = "007"
        }
        let line = try #require(lines.all.first)
        #expect(try JSONDecoder().decode(Line.self, from: Data(line.utf8)) == Line())
        #expect(line.contains("\"list\":[1,\"1\"]"))
    }

    @Test func `Nothing that a peer sends can break out of its string or its line`() throws {
        let lines = Lines()
        let logger = Logger(label: "l") { JSONLinesLogHandler(label: $0, output: lines.take) }
        let hostile =
            "\"},\n{\"level\":\"error\"\\ \r\t\u{0}\u{1F}\u{7F}\u{85}\u{9B}31m\u{2028}\u{2029}é🧵\u{FFFF}"
        logger.info("x", metadata: ["peer": .string(hostile), .init(hostile): "key"])
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        let controls = line.dropLast().unicodeScalars.filter {
            $0.properties.generalCategory == .control
        }
        #expect(controls.isEmpty)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        )
        #expect(object["peer"] == hostile)
        #expect(object[hostile] == "key")
        #expect(object["level"] == "info")
    }

    @Test func `The nearer metadata win, and levels below the logger's are not written`() throws {
        let lines = Lines()
        let provider = Logger.MetadataProvider { ["a": "task", "b": "task"] }
        var logger = Logger(label: "l") {
            JSONLinesLogHandler(
                label: $0,
                level: .notice,
                metadataProvider: provider,
                output: lines.take
            )
        }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("not written")
        logger.notice("written", metadata: ["b": "line"])
        #expect(lines.all.count == 1)
        let object =
            try JSONSerialization.jsonObject(with: Data(lines.all[0].utf8)) as? [String: String]
        #expect(object?["a"] == "task" && object?["b"] == "line" && object?["c"] == "logger")
    }

    /// The expected texts are from GNU date.
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_042, "2024-02-29T23:59:59.042Z"),
        (1_798_761_599_999, "2026-12-31T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ]) func `A moment is written as RFC 3339 has it`(milliseconds: Int64, expected: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == expected)
    }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var take: @Sendable ([UInt8]) -> Void {
        { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }
}
