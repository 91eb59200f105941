import Logging

/// The log of a command whose errors are told by the command itself.
enum QuietLog {
    static let logger = Logger(label: "palimpsest") { _ in SwiftLogNoOpLogHandler() }
}
