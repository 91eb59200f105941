import HTTPServer
import HTTPTypes

/// Lets pages of other origins call the API (CORS, in the Fetch Standard).
///
/// Only pages of the listed origins. Credentials that browsers keep, such as cookies, are never
/// asked for: a page must know a key. So a page that is not listed learns nothing but what anybody
/// without a key would.
struct CrossOriginAccess: Sendable {
    /// The origins, as browsers send them.
    private let origins: Set<String>

    /// Lists the origins; none allows no page.
    init(origins: [String]) {
        self.origins = Set(origins)
    }

    /// Adds to a response what lets the request's page read it.
    ///
    /// - Parameters:
    ///   - response: The router's response; for OPTIONS its `Allow` names the methods.
    ///   - request: The request.
    func share(_ response: inout ServerResponse, with request: ServerRequest) {
        guard !origins.isEmpty else { return }
        // A cache must not give one page's answer to another, listed or not.
        let vary = response.fields[.vary].map { "\($0), Origin" }
        response.fields[.vary] = vary ?? "Origin"
        guard let origin = request.fields[.origin], origins.contains(origin) else { return }
        response.fields[.accessControlAllowOrigin] = origin
        if request.method == .options, request.fields[.accessControlRequestMethod] != nil {
            response.fields[.accessControlAllowMethods] = response.fields[.allow]
            response.fields[.accessControlAllowHeaders] = Self.allowedFields
            response.fields[.accessControlMaxAge] = "600"
        } else {
            response.fields[.accessControlExposeHeaders] = Self.exposedFields
        }
    }

    /// The request fields that the API understands and browsers do not send without leave.
    private static let allowedFields = [
        "Authorization", "Content-Type", "Content-Disposition", "Idempotency-Key", "If-Match",
        "If-None-Match", "If-Range", "Last-Event-ID", "Palimpsest-Recovery-Key",
        "Palimpsest-Recovery-Passphrase", "Prefer", "Range", "Traceparent",
    ].joined(separator: ", ")

    /// The response fields that browsers hide unless they are named.
    private static let exposedFields = [
        "Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Idempotent-Replayed",
        "Location", "Palimpsest-Figures", "Preference-Applied", "RateLimit", "RateLimit-Policy",
        "Repr-Digest", "Retry-After", "WWW-Authenticate", "X-Request-Id",
    ].joined(separator: ", ")
}
