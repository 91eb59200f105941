public import HTTPTypes
import HTTPWire

/// The text matched by the braces of a ``Router`` pattern.
public struct PathParameters: Sendable, Equatable {
    private var values: [String: String]

    init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// The decoded text that `{name}` matched; empty for a name not in the pattern.
    public subscript(_ name: String) -> String { values[name] ?? "" }
}

/// Finds the handler of a request by path and method.
///
/// A pattern is a path whose segments are literal or hold one capture with literal text around it:
/// `/v1/jobs/{id}`, `/v1/jobs/{id}/images/{n}.png`. A capture matches at least one character and
/// never a slash. If several patterns match, the first segment that differs decides: a literal
/// beats a capture, and more literal text beats less.
///
/// HEAD falls back to GET's handler. OPTIONS is answered with `Allow`, a wrong method with 405 and
/// `Allow`, an unknown method with 501, and a path without a pattern with 404.
public struct Router: Sendable {
    /// Answers a request.
    public typealias Handler =
        @Sendable (ServerRequest, PathParameters) async throws -> ServerResponse

    private struct Route: Sendable {
        let pattern: PathPattern
        let method: HTTPRequest.Method
        let isBrief: Bool
        let handler: Handler
    }

    /// The routes by the number of their patterns' segments, the more specific first.
    private var routes: [Int: [Route]] = [:]

    /// Creates a router without routes.
    public init() {}

    /// Adds a route.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - pattern: The pattern of the paths.
    ///   - isBrief: Whether the handler takes only microseconds between its waits.
    ///   - handler: Answers the requests.
    /// - Precondition: The pattern begins with a slash, and its braces are paired, one pair per
    ///   segment.
    public mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        isBrief: Bool = false,
        handler: @escaping Handler
    ) {
        let route = Route(
            pattern: PathPattern(pattern),
            method: method,
            isBrief: isBrief,
            handler: handler
        )
        var alike = routes[route.pattern.segmentCount, default: []]
        alike.append(route)
        // The sort is stable, so equal patterns keep their order.
        alike.sort { $1.pattern.isLessSpecific(than: $0.pattern) }
        routes[route.pattern.segmentCount] = alike
    }

    private func matches(
        of path: some Collection<String>
    ) -> [(route: Route, parameters: PathParameters)] {
        let alike = routes[path.count] ?? []
        return alike.compactMap { route in route.pattern.match(path).map { (route, $0) } }
    }

    /// Answers a request.
    ///
    /// - Throws: Whatever the handler throws; the router's own refusals are responses.
    public func respond(to request: ServerRequest) async throws -> ServerResponse {
        let matches = matches(of: request.target.segments)
        let candidates: [HTTPRequest.Method] =
            request.method == .head ? [.head, .get] : [request.method]
        for method in candidates {
            if let match = matches.first(where: { $0.route.method == method }) {
                return try await match.route.handler(request, match.parameters)
            }
        }
        if matches.isEmpty, request.target.rawPath != "*" {
            let hint =
                isKnownWithoutSlash(request.target.segments)
                ? " Leave out the slash at its end." : ""
            return Problem(
                status: .notFound,
                code: "not_found",
                detail: "There is nothing at this path.\(hint)"
            )
            .response
        }
        guard Self.known.contains(request.method) else {
            return Problem(
                status: .notImplemented,
                code: "method_unknown",
                detail:
                    "This server does not know the method \(request.method.rawValue.prefix(40))."
            ).response
        }
        let allowed = Self.allowed(matches.map(\.route.method))
        if request.method == .options {
            return ServerResponse(status: .noContent, fields: [.allow: allowed])
        }
        return Problem(
            status: .methodNotAllowed,
            code: "method_not_allowed",
            detail:
                "This path takes \(Self.listed(allowed)), not \(request.method.rawValue).\(hint(for: request, matches))",
            fields: [.allow: allowed]
        ).response
    }

    private func isKnownWithoutSlash(_ segments: [String]) -> Bool {
        segments.count > 1 && segments.last == ""
            && !matches(of: segments.dropLast()).isEmpty
    }

    /// Returns advice for a client that probably meant to send a file.
    ///
    /// `curl -T FILE` sends PUT; if the path ends in a slash, curl appends the file's name to it.
    private func hint(
        for request: ServerRequest,
        _ matches: [(route: Route, parameters: PathParameters)]
    ) -> String {
        let isUpload = request.method == .put || request.method == .post
        if request.method == .put, matches.contains(where: { $0.route.method == .post }) {
            return
                " Send a file by POST: with curl by --data-binary @FILE, where -T FILE means PUT."
        }
        guard isUpload,
            self.matches(of: request.target.segments.dropLast()).contains(where: {
                $0.route.method == .post
            })
        else {
            return ""
        }
        return
            " Send a file by POST to the path without its last part: with curl by --data-binary @FILE, where -T FILE means PUT."
    }

    /// Formats names as a list in a sentence.
    private static func listed(_ names: String) -> String {
        guard let comma = names.lastIndex(of: ",") else { return names }
        return names[..<comma] + " and" + names[names.index(after: comma)...]
    }

    /// Tells what will answer a request.
    public func summary(of request: ServerRequest) -> RouteSummary {
        let matches = matches(of: request.target.segments)
        let method = request.method == .head ? .get : request.method
        let match = matches.first { $0.route.method == method }
        return RouteSummary(
            pattern: matches.first?.route.pattern.text,
            isBrief: match?.route.isBrief ?? false
        )
    }

    /// The methods known to the server; any other is answered with 501.
    ///
    /// These are the methods of RFC 9110 section 9, PATCH and QUERY, which IANA lists for general
    /// use.
    private static let known: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .delete, .connect, .options, .trace, .patch, .query,
    ]

    private static func allowed(_ methods: [HTTPRequest.Method]) -> String {
        var names = Set(methods.map(\.rawValue))
        if names.contains("GET") { names.insert("HEAD") }
        names.insert("OPTIONS")
        return names.sorted().joined(separator: ", ")
    }
}
