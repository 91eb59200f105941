import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Logging
import Queue

/// The route table and what applies to every request.
extension API {
    private typealias KeyedHandler =
        @Sendable (ServerRequest, PathParameters, APIKey) async throws -> ServerResponse

    /// Returns the router of the API.
    ///
    /// Routes under `/v1`, except `/v1/signing-key` and `/v1/sign-in`, require a key with the right scope. They also
    /// require an `Accept` field that allows the type of their answer.
    func router() -> Router {
        var router = Router()
        let json = "application/json"
        let keyed: (HTTPRequest.Method, String, String?, @escaping KeyedHandler) -> Void = {
            method,
            pattern,
            type,
            handler in
            // What scripts poll; all else may take longer.
            router.on(method, pattern, isBrief: method == .get && pattern == "/v1/jobs/{id}") {
                [authenticator = Authenticator(store: store)] request, parameters in
                let key = try await authenticator.key(
                    of: request.fields,
                    for: Self.scope(for: method, pattern)
                )
                let permits = try permits(for: request, of: key)
                try Self.requireAcceptance(of: type, by: request.fields)
                var response = try await handler(request, parameters, key)
                response.permit = permits
                return response
            }
        }
        keyed(.post, "/v1/jobs", json) { request, _, key in try await submit(request, key: key) }
        keyed(.get, "/v1/jobs", json) { request, _, key in try await listJobs(request, key: key) }
        keyed(.get, "/v1/jobs/{id}", json) { request, path, key in
            try await showJob(request, key: key, id: path["id"])
        }
        keyed(.delete, "/v1/jobs/{id}", nil) { request, path, key in
            try await erase(request, key: key, id: path["id"])
        }
        keyed(.post, "/v1/jobs/{id}/cancel", json) { request, path, key in
            try await cancel(request, key: key, id: path["id"])
        }
        keyed(.post, "/v1/jobs/{id}/retry", json) { request, path, key in
            try await retry(request, key: key, id: path["id"])
        }
        keyed(.get, "/v1/jobs/{id}/events", "text/event-stream") { request, path, key in
            try await sendEvents(request, key: key, id: path["id"])
        }
        keyed(.get, "/v1/jobs/{id}/images", json) { request, path, key in
            try await listImages(request, key: key, id: path["id"])
        }
        for format in OutputFormat.allCases {
            let pattern = "/v1/jobs/{id}/images/{number}.\(format.fileExtension)"
            keyed(.get, pattern, format.mediaType) { request, path, key in
                try await sendImage(
                    in: format,
                    request,
                    key: key,
                    id: path["id"],
                    number: path["number"]
                )
            }
        }
        keyed(.get, "/v1/jobs/{id}/images/{number}/report", json) { request, path, key in
            try await showReport(request, key: key, id: path["id"], number: path["number"])
        }
        for (name, kind) in [
            ("recovery", AttachmentKind.recovery), ("before.jpg", .previewBefore),
            ("after.jpg", .previewAfter),
        ] {
            keyed(.get, "/v1/jobs/{id}/images/{number}/\(name)", kind.mediaType) {
                request,
                path,
                key in
                try await sendAttachment(
                    kind,
                    request,
                    key: key,
                    id: path["id"],
                    number: path["number"]
                )
            }
        }
        keyed(.get, "/v1/jobs/{id}/archive.zip", "application/zip") { request, path, key in
            try await sendArchive(request, key: key, id: path["id"])
        }
        keyed(.post, "/v1/preview", "image/png") { request, _, key in
            try await preview(request, key: key)
        }
        let modelList = Result { try ModelListDocument(models) }
        keyed(.get, "/v1/models", json) { request, _, _ in
            try listModels(request, try modelList.get())
        }
        keyed(.get, "/v1/classes", json) { request, _, key in
            try await listClasses(request, key: key)
        }
        keyed(.get, "/v1/classes/{label}", json) { request, path, key in
            try await showClass(request, key: key, label: path["label"])
        }
        keyed(.put, "/v1/classes/{label}", json) { request, path, key in
            try await makeClass(request, key: key, label: path["label"])
        }
        keyed(.get, "/v1/classes/{label}/semantic-image", "image/png") { request, path, key in
            try await sendSemanticImage(request, key: key, label: path["label"])
        }
        keyed(.put, "/v1/classes/{label}/semantic-image", json) { request, path, key in
            try await importSemanticImage(request, key: key, label: path["label"])
        }
        keyed(.delete, "/v1/classes/{label}/semantic-image", nil) { request, path, key in
            try await removeSemanticImage(request, key: key, label: path["label"])
        }
        keyed(.put, "/v1/webhook", json) { request, _, key in
            try await putWebhook(request, key: key)
        }
        keyed(.get, "/v1/webhook", json) { request, _, key in
            try await showWebhook(request, key: key)
        }
        keyed(.delete, "/v1/webhook", nil) { request, _, key in
            try await removeWebhook(request, key: key)
        }
        keyed(.post, "/v1/webhook/test", json) { request, _, key in
            try await testWebhook(request, key: key)
        }
        keyed(.get, "/v1/webhook/messages", json) { request, _, key in
            try await listWebhookMessages(request, key: key)
        }
        keyed(.post, "/v1/webhook/messages/{id}/resend", json) { request, path, key in
            try await resendWebhookMessage(request, key: key, id: path["id"])
        }
        keyed(.post, "/v1/keys", json) { request, _, key in try await createKey(request, by: key) }
        keyed(.get, "/v1/keys", json) { request, _, _ in try await listKeys(request) }
        keyed(.get, "/v1/keys/{id}", json) { request, path, _ in
            try await showKey(request, id: path["id"])
        }
        keyed(.patch, "/v1/keys/{id}", json) { request, path, key in
            try await updateKey(request, id: path["id"], by: key)
        }
        keyed(.post, "/v1/keys/{id}/revoke", json) { request, path, key in
            try await revokeKey(request, id: path["id"], by: key)
        }
        addLiveness(to: &router)
        router.on(.get, "/readyz") { _, _ in try await showReadiness() }
        router.on(.get, "/version") { _, _ in try showVersion() }
        router.on(.get, "/v1/signing-key") { _, _ in showSigningKey() }
        router.on(.get, "/openapi.json") { _, _ in showContract() }
        router.on(.post, "/v1/sign-in") { request, _ in try await exchangeToken(request) }
        // One route for all modules, so that metrics have one, too.
        for path in page.paths.filter({ !$0.hasPrefix("/page/") }) + ["/page/{file}"] {
            router.on(.get, path) { request, _ in try showPage(request) }
        }
        return router
    }

    /// Answers a request; an error becomes a problem document.
    ///
    /// - Parameters:
    ///   - request: The request.
    ///   - router: The result of ``router()``.
    /// - Returns: The route's answer, or a problem document.
    func respond(to request: ServerRequest, by router: Router) async -> ServerResponse {
        var response: ServerResponse
        do {
            response = try await router.respond(to: request)
        } catch {
            response = refusal(of: request, for: error)
        }
        crossOrigin.share(&response, with: request)
        return response
    }

    /// Returns the problem document for an error, and logs the error if the operator must act.
    func refusal(of request: ServerRequest, for error: any Error) -> ServerResponse {
        let fault = APIError(error)
        if fault.isServerFault {
            var metadata: Logger.Metadata = [
                "request.id": "\(request.id)",
                "http.path": "\(LoggedPath.make(request.target.rawPath))",
                "error": "\(error)",
            ]
            request.trace?.describe(in: &metadata)
            logger.error("request failed", metadata: metadata)
        }
        if let fault = error as? HTTPFault { return Problem(fault).response }
        var problem = Problem(
            status: fault.status,
            code: fault.code,
            detail: fault.detail,
            fields: fault.fields
        )
        problem.faults = fault.faults
        problem.faultsTotal = fault.faultsTotal
        return problem.response
    }

    /// Returns the scope that a route requires.
    ///
    /// Everything below `/v1/keys` requires `admin`; elsewhere GET requires `read`, other methods
    /// `submit`.
    private static func scope(for method: HTTPRequest.Method, _ pattern: String) -> APIKeyScope {
        if pattern.hasPrefix("/v1/keys") { return .admin }
        return method == .get ? .read : .submit
    }

    /// Refuses a request whose `Accept` excludes the type of the answer, before any work is done.
    ///
    /// Problem documents are sent regardless, which RFC 9110 section 12.5.1 allows. A malformed
    /// `Accept` counts as absent.
    private static func requireAcceptance(
        of type: String?,
        by fields: HTTPFields
    ) throws(APIError) {
        guard let type, let field = fields[.accept], let accept = AcceptField(field),
            !accept.accepts(type)
        else {
            return
        }
        throw APIError(
            .notAcceptable,
            "not_acceptable",
            "The answer would be \(type), which the Accept field does not allow; add it there, or leave Accept out."
        )
    }

    /// The fields of every answer that keep browsers from sniffing, framing or sharing it.
    static let defaultFields: HTTPFields = [
        .xContentTypeOptions: "nosniff",
        .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        .referrerPolicy: "no-referrer",
        .crossOriginResourcePolicy: "same-origin",
        .crossOriginOpenerPolicy: "same-origin",
    ]
}
