@preconcurrency import Dispatch
import Glibc
import HTTPServer
import Logging

/// Rereads the TLS files at each SIGHUP until it is released; without TLS it only logs the signal.
final class ReloadSignal: Sendable {
    private let source: any DispatchSourceSignal

    /// Takes over SIGHUP.
    init(servers: [HTTPServer], logger: Logger) {
        // Ignore the signal before activating the source, whose handler libdispatch then installs.
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
                    ? "the TLS files were reloaded"
                    : "SIGHUP changes nothing, since no TLS files are configured"
            )
        } catch {
            logger.error(
                "the TLS files could not be reloaded; the ones in use stay",
                metadata: ["error": "\(error)"]
            )
        }
    }
}
