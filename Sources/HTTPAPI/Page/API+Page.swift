import HTTPServer
import HTTPTypes
import HTTPWire

/// `/` and the files that it needs: the page for people; `/docs`: the contract for people.
extension API {
    /// What the page may do: its own files and this API, and nothing from anywhere else.
    ///
    /// Pictures are shown from memory (`blob:`), since a link could not send the key. Trusted types
    /// make the browser refuse every way from text to markup.
    static let pagePolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    /// What the documentation may do: show itself, without any script.
    static let docsPolicy = [
        "default-src 'none'", "style-src 'self'", "img-src 'self'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// Sends a file of the page, compressed where the client can take it.
    func showPage(_ request: ServerRequest) throws -> ServerResponse {
        guard let file = page.file(at: request.target.segments) else { throw APIError.fileUnknown }
        let gzip = PageFiles.allowsGzip(request.fields[.acceptEncoding]) ? file.gzip : nil
        let form = gzip ?? file.plain
        var fields: HTTPFields = [:]
        let isWanted = try isWanted(request, form.tag, &fields)
        fields[.cacheControl] = "no-cache"
        fields[.vary] = "Accept-Encoding"
        let isDocs = request.target.segments.first == "docs"
        fields[.contentSecurityPolicy] = isDocs ? Self.docsPolicy : Self.pagePolicy
        guard isWanted else { return ServerResponse(status: .notModified, fields: fields) }
        fields[.contentType] = file.type
        if gzip != nil { fields[.contentEncoding] = "gzip" }
        return ServerResponse(status: .ok, fields: fields, body: .bytes(form.bytes))
    }
}

extension APIError {
    static let fileUnknown = APIError(.notFound, "not_found", "There is nothing at this path.")
}
