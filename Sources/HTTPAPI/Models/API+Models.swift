import HTTPServer
import HTTPTypes
import HTTPWire

/// `/v1/models`: the weights files that jobs may choose.
extension API {
    /// `GET /v1/models`: sends the document, which stays the same as long as the service runs.
    func listModels(
        _ request: ServerRequest,
        _ document: ModelListDocument
    ) throws -> ServerResponse {
        try allow([], in: request.target)
        var fields: HTTPFields = [:]
        guard try isWanted(request, Self.tag(document.sha256), &fields) else {
            return ServerResponse(status: .notModified, fields: fields, body: .none)
        }
        fields[.contentType] = "application/json"
        return ServerResponse(status: .ok, fields: fields, body: .bytes(document.bytes))
    }
}
