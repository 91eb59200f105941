import HTTPTypes
import Logging

extension RequestRecord {
    /// The record as the metadata of its line in the log.
    ///
    /// - Parameter loggedPath: Returns the logged form of a path.
    /// - Returns: The metadata.
    func metadata(loggedAs loggedPath: HTTPServer.LoggedPath) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "request.id": "\(id)",
            "peer": "\(peer)",
            "http.method": "\(method?.rawValue ?? "-")",
            "http.path": "\(loggedPath(path))",
            "http.status": status.map { .stringConvertible($0) } ?? "-",
            "http.received_bytes": .stringConvertible(receivedBytes),
            "http.sent_bytes": .stringConvertible(sentBytes),
            "http.duration_ms": .stringConvertible(duration / .milliseconds(1)),
            "http.complete": .stringConvertible(isComplete),
        ]
        trace?.describe(in: &metadata)
        return metadata
    }
}
