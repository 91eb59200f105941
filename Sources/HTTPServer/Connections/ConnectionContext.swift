import HTTPTypes
import HTTPWire
import Logging

/// What all connections of a server share.
struct ConnectionContext: Sendable {
    let limits: HTTPLimits
    let timeouts: HTTPTimeouts
    let logger: Logger
    let handler: HTTPServer.Handler
    let route: HTTPServer.Routing
    let observer: HTTPServer.Observer
    let loggedPath: HTTPServer.LoggedPath
    let registry: ConnectionRegistry
    let trust: ProxyTrust
    let defaultFields: DefaultFields
}
