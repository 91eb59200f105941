import ArgumentParser
import CLinux
import HTTPAPI
import Logging
import POSIX
import Queue
import Telemetry

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves the HTTP API.",
        discussion: """
            The first line on standard output is the address of the page for people; a terminal \
            gets a link, too, that signs in there once. \
            The first start makes the data folder with an admin key in DIR/admin-key. Every option \
            has a variable: PALIMPSEST_MAX_BODY_BYTES for --max-body-bytes and so on; options win. \
            SIGTERM stops gracefully, a second one at once; neither loses what was accepted. \
            SIGHUP reloads the TLS files.
            """
    )

    @OptionGroup var options: ServiceOptions

    func run() async throws {
        try await Self.run(.server, options.settings())
    }

    /// Runs a node until it is told to stop.
    static func run(_ role: NodeRole, _ settings: Settings) async throws {
        // Keep every file that the service creates private, even if an existing data folder is open
        // to others.
        FileSystem.keepNewFilesPrivate()
        plm_keep_heap_small()
        do {
            let logger = Self.logger(settings)
            try await ProtectionService(
                role: role,
                settings: settings,
                logger: logger,
                version: Version.program,
                announcement: .init(isForPerson: StandardOutput.isTerminal) {
                    StandardOutput.write($0)
                }
            )
            .run()
        } catch let fault as ProtectionService.StartFault {
            throw CommandFault(fault.description)
        }
    }

    private static func logger(_ settings: Settings) -> Logger {
        let level = Logger.Level(rawValue: settings.logLevel.rawValue) ?? .info
        return Logger(label: "palimpsest") { JSONLinesLogHandler(label: $0, level: level) }
    }
}
