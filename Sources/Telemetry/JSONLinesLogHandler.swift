public import Logging
import POSIX

/// A log handler that writes one JSON object per line.
///
/// An object has `time`, `level`, `logger`, `message`, and the metadata under their own keys. A
/// line is written in one call, so that lines of several threads and processes do not mix. Text
/// from a peer is escaped and cannot begin a new line. A metadata key equal to one of the four gets
/// the prefix `metadata.`. Integers, finite floating-point numbers and truth values that are logged
/// as `.stringConvertible` are JSON numbers and booleans; everything else is a string.
public struct JSONLinesLogHandler: LogHandler {
    /// Receives whole lines, each with its newline.
    public typealias Output = @Sendable ([UInt8]) -> Void

    /// The logger's name.
    public let label: String
    /// Metadata of every line of this logger.
    public var metadata: Logger.Metadata = [:]
    /// Metadata from the current task.
    public var metadataProvider: Logger.MetadataProvider?
    /// The lowest level that is logged.
    public var logLevel: Logger.Level

    private let output: Output

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - label: The logger's name.
    ///   - level: The lowest level that is logged.
    ///   - metadataProvider: Supplies metadata from the current task.
    ///   - output: Receives the lines; standard error by default.
    public init(
        label: String,
        level: Logger.Level = .info,
        metadataProvider: Logger.MetadataProvider? = nil,
        output: @escaping Output = JSONLinesLogHandler.standardError
    ) {
        self.label = label
        self.metadataProvider = metadataProvider
        self.output = output
        logLevel = level
    }

    /// A metadata value of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        log(event, at: .now())
    }

    func log(_ event: LogEvent, at time: Timestamp) {
        var merged = metadata
        // The nearest source wins: the line itself, then the task, then the logger.
        for more in [metadataProvider?.get(), event.metadata] {
            if let more { merged.merge(more) { _, new in new } }
        }
        var line = JSONLine()
        line.add("time", time.rfc3339)
        line.add("level", event.level.rawValue)
        line.add("logger", label)
        line.add("message", event.message.description)
        if let error = event.error, merged["error"] == nil {
            line.add("error", String(describing: error))
        }
        for (key, value) in merged.sorted(by: { $0.key < $1.key }) {
            Self.add(value, as: Self.ownKeys.contains(key) ? "metadata." + key : key, to: &line)
        }
        line.end()
        output(line.bytes)
    }

    private static let ownKeys: Set<String> = ["time", "level", "logger", "message"]

    private static func add(
        _ value: Logger.Metadata.Value,
        as key: String,
        to line: inout JSONLine
    ) {
        switch value {
        case .string(let text): line.add(key, text)
        case .stringConvertible(let value): line.add(key, scalar: value)
        case .dictionary(let entries): line.add(key, object: { fill(&$0, with: entries) })
        case .array(let values): line.add(key, array: values, element: append)
        }
    }

    private static func append(to line: inout JSONLine, _ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): line.append(quoted: text)
        case .stringConvertible(let value): line.append(scalar: value)
        case .dictionary(let entries): line.appendObject { fill(&$0, with: entries) }
        case .array(let values): line.appendArray(values, element: append)
        }
    }

    private static func fill(_ line: inout JSONLine, with entries: Logger.Metadata) {
        for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
            add(value, as: key, to: &line)
        }
    }

    /// Writes to descriptor 2, and gives a line up if nobody takes it.
    public static let standardError: Output = { line in StandardStream.error.write(line) }
}
