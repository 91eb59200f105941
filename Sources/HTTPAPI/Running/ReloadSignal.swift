@preconcurrency import Dispatch
import Glibc
import HTTPServer
import Logging

/// Reads the files of TLS anew at each SIGHUP, for as long as somebody holds it; without TLS it only says that there are none.
final class ReloadSignal: Sendable {
    private let source: any DispatchSourceSignal

    /// Takes the signal over.
    init(servers: [HTTPServer], logger: Logger) {
        // Before the source is active: libdispatch puts its own handler in this one's place.
        signal(SIGHUP, SIG_IGN)
        source = DispatchSource.makeSignalSource(
            signal: SIGHUP,
            queue: DispatchQueue(label: "palimpsest.reload")
        )
        source.setEventHandler { Self.reload(servers, logger) }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    private static func reload(_ servers: [HTTPServer], _ logger: Logger) {
        do {
            var hasTLS = false
            for server in servers { hasTLS = try server.reloadTLS() || hasTLS }
            logger.notice(
                hasTLS
                    ? "the files of TLS have been read anew"
                    : "SIGHUP changes nothing, since there are no files of TLS"
            )
        } catch {
            logger.error("the files of TLS stay as they were", metadata: ["error": "\(error)"])
        }
    }
}
