import HTTPServer
import HTTPTypes
import HTTPWire
import JobStore
import Logging

/// Which request is answered by what.
extension API {
    private typealias KeyedHandler = @Sendable (ServerRequest, PathParameters, APIKey) async throws -> ServerResponse

    /// All routes; those under `/v1` need a key.
    func router() -> Router {
        var router = Router()
        let keyed: (HTTPRequest.Method, String, @escaping KeyedHandler) -> Void = { method, pattern, handler in
            router.on(method, pattern) { [authenticator = Authenticator(store: store)] request, parameters in
                try await handler(request, parameters, try await authenticator.key(of: request.fields))
            }
        }
        keyed(.post, "/v1/jobs") { request, _, key in try await submit(request, key: key) }
        keyed(.get, "/v1/jobs") { request, _, key in try await listJobs(request, key: key) }
        keyed(.get, "/v1/jobs/{id}") { request, path, key in try await showJob(request, key: key, id: path["id"]) }
        keyed(.delete, "/v1/jobs/{id}") { _, path, key in try await erase(key: key, id: path["id"]) }
        keyed(.post, "/v1/jobs/{id}/cancel") { _, path, key in try await cancel(key: key, id: path["id"]) }
        keyed(.get, "/v1/jobs/{id}/images") { request, path, key in
            try await listImages(request, key: key, id: path["id"])
        }
        keyed(.get, "/v1/jobs/{id}/images/{number}.png") { request, path, key in
            try await sendImage(request, key: key, id: path["id"], number: path["number"])
        }
        keyed(.get, "/v1/jobs/{id}/images/{number}/report") { request, path, key in
            try await showReport(request, key: key, id: path["id"], number: path["number"])
        }
        keyed(.get, "/v1/jobs/{id}/archive.zip") { request, path, key in
            try await sendArchive(request, key: key, id: path["id"])
        }
        router.on(.get, "/healthz") { _, _ in try showHealth() }
        router.on(.get, "/readyz") { _, _ in try await showReadiness() }
        router.on(.get, "/openapi.json") { _, _ in showContract() }
        return router
    }

    /// Answers a request, whatever happens.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - router: What ``router()`` gave.
    /// - Returns: The route's answer, or a problem document.
    func respond(to request: ServerRequest, by router: Router) async -> ServerResponse {
        do {
            return Self.hardened(try await router.respond(to: request))
        } catch {
            let fault = APIError(error)
            if fault.isOurs {
                logger.error(
                    "request failed",
                    metadata: [
                        "request.id": "\(request.id)", "http.path": "\(request.target.rawPath)", "error": "\(error)",
                    ]
                )
            }
            if let fault = error as? HTTPFault { return Self.hardened(Problem(fault).response) }
            return Self.hardened(
                Problem(status: fault.status, code: fault.code, detail: fault.detail, fields: fault.fields).response
            )
        }
    }

    /// The answer with the fields that keep a browser from making more of it than it is.
    private static func hardened(_ response: ServerResponse) -> ServerResponse {
        var response = response
        response.fields[.xContentTypeOptions] = "nosniff"
        response.fields[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        response.fields[.referrerPolicy] = "no-referrer"
        return response
    }
}
