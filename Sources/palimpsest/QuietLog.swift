import Logging

/// A logger that discards everything, for commands that report their errors themselves.
enum QuietLog {
    static let logger = Logger(label: "palimpsest") { _ in SwiftLogNoOpLogHandler() }
}
