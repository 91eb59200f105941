import HTTPServer
import HTTPWire
import JobModel
import Queue

/// Sends one client the events of a job as they happen.
///
/// It queries the store after each change of the job, at most once per ``pace``, and otherwise only
/// for a heartbeat. It buffers nothing for a slow client: the next query finds what was missed.
struct JobEventStream: Sendable {
    let store: any JobCatalog
    let lifecycle: Lifecycle
    let job: JobIdentifier
    let tenant: APIKeyID
    let watch: JobWatch
    /// Signals that the client will send nothing more, and so has most likely closed.
    var client = ClientEnd()
    /// The longest silence before the stream sends a comment, and the interval for checking the
    /// key.
    var heartbeat: Duration = .seconds(15)
    /// The delay after which the client reconnects; random, so that clients do not return all at
    /// once.
    var retry: Duration = .milliseconds(Int.random(in: 1000...3000))
    /// Throws an ``APIError`` when the client's key is no longer valid.
    let authenticate: @Sendable () async throws -> Void

    /// The shortest time between two queries, which grows with the job's number of clients.
    ///
    /// It is 1 ms per client, from 50 ms to 1 s.
    private var pace: Duration {
        min(max(.milliseconds(50), .milliseconds(watch.count)), .seconds(1))
    }

    /// Sends events until the job has ended, the client has closed or the service drains.
    ///
    /// It also ends when the client's key is no longer valid.
    ///
    /// - Parameters:
    ///   - cursor: The position after which the client continues.
    ///   - writer: The destination of the stream.
    /// - Throws: Faults of the store, which cut the stream off; `ConnectionClosed`.
    func run(after cursor: EventCursor, to writer: ResponseWriter) async throws {
        var feed = JobEventFeed(after: cursor)
        try await writer.write(ServerSentEvent.retry(after: retry))
        var lastWrite = ContinuousClock.now
        var lastCheck = lastWrite
        while !lifecycle.isDraining, !client.hasEnded {
            let (mark, lastLook) = (watch.mark, ContinuousClock.now)
            if lastLook - lastCheck >= heartbeat {
                // End the stream of a revoked key, however busy. The client learns why when it
                // reconnects.
                do { try await authenticate() } catch is APIError { return }
                lastCheck = lastLook
            }
            let progress = try await store.progress(
                of: job,
                tenant: tenant,
                after: feed.cursor.ending,
                limit: JobEventFeed.maxImages
            )
            guard let progress, progress.job.expiredAt == nil else {
                return try await writer.write(try JobEventFeed.erased(job).encoded)
            }
            let (events, hasMore) = try feed.events(of: progress)
            if !events.isEmpty {
                try await writer.write(events.flatMap(\.encoded))
                lastWrite = .now
            }
            if feed.hasEnded { return }
            if hasMore { continue }
            if ContinuousClock.now - lastWrite >= heartbeat {
                try await writer.write(ServerSentEvent.comment("still here"))
                lastWrite = .now
            }
            let timeout = heartbeat - (ContinuousClock.now - min(lastWrite, lastCheck))
            await client.interrupting { [watch] in await watch.wait(after: mark, atMost: timeout) }
            let pause = pace - (ContinuousClock.now - lastLook)
            // A cancelled sleep just ends early.
            if pause > .zero, !lifecycle.isDraining { try? await Task.sleep(for: pause) }
            guard !Task.isCancelled else { throw ConnectionClosed() }
        }
        // A client that has closed reads nothing. One that has closed only its sending direction
        // reconnects and continues.
        if lifecycle.isDraining {
            try await writer.write(ServerSentEvent.comment("the service is stopping; reconnect"))
        }
    }
}
