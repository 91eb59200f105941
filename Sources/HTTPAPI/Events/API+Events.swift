import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue

/// `GET /v1/jobs/{id}/events`.
extension API {
    /// Streams the events of a job, from the beginning or from where the client left off.
    ///
    /// A client that reconnects after the last event, as browsers do, gets 204, which stops it
    /// (WHATWG HTML section 9.2.3).
    func sendEvents(
        _ request: ServerRequest,
        key: APIKey,
        id: String?
    ) async throws -> ServerResponse {
        try allow(["last_event_id"], in: request.target)
        var cursor = try Self.cursor(of: request)
        let job = try await job(id, of: key)
        guard let watch = try await store.watch(job.id, tenant: key.id),
            let progress = try await store.progress(
                of: job.id,
                tenant: key.id,
                after: cursor.ending,
                limit: 1
            )
        else { throw APIError.jobUnknown }
        if cursor.ending > progress.lastEnding {
            // A standby that was promoted may have forgotten endings that were told.
            guard settings.database.isShared else { throw APIError.eventIDInvalid }
            cursor = .start
        }
        if cursor.hasEnd, progress.job.state.isTerminal, progress.ended.isEmpty {
            return ServerResponse(status: .noContent, fields: [.cacheControl: "no-store"])
        }
        let stream = JobEventStream(
            store: store,
            lifecycle: lifecycle,
            job: job.id,
            tenant: key.id,
            watch: watch,
            client: request.clientEnd,
            authenticate: {
                [authenticator = Authenticator(store: store), fields = request.fields] in
                _ = try await authenticator.key(of: fields, for: .read)
            }
        )
        let fields: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
        ]
        return ServerResponse(
            status: .ok,
            fields: fields,
            body: .stream(length: nil) { [cursor] writer in
                try await stream.run(after: cursor, to: writer)
            }
        )
    }

    /// Returns the position after which a client continues.
    ///
    /// The field overrides the parameter: when a browser reconnects, the field holds the latest
    /// event id, but the parameter is unchanged.
    private static func cursor(of request: ServerRequest) throws(APIError) -> EventCursor {
        var cursor = EventCursor.start
        for case let text? in [
            request.target.queryValue("last_event_id"), request.fields[.lastEventID],
        ]
        where !text.isEmpty {
            guard let next = EventCursor(text) else { throw .eventIDInvalid }
            cursor = next
        }
        return cursor
    }
}

extension APIError {
    static let eventIDInvalid = APIError(
        .badRequest,
        "last_event_id_invalid",
        "The last event id is not one of this job; leave it out to hear everything from the beginning."
    )
}
