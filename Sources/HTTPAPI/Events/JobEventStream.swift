import HTTPServer
import HTTPWire
import JobModel
import Queue

/// Sends one listener the events of a job as they happen.
///
/// It looks at the store when the job has changed, at most so often as ``pace`` says, and by itself only for a heartbeat. What a
/// slow reader has not taken is not held: the next look finds it in the store.
struct JobEventStream: Sendable {
    let store: any JobCatalog
    let lifecycle: Lifecycle
    let job: JobIdentifier
    let tenant: APIKeyID
    let watch: JobWatch
    /// Tells when the listener sends nothing more, which a listener that is still there has no reason to do.
    var client = ClientEnd()
    /// After how much silence the stream says that it lives, and how often it looks whether its listener still may listen.
    var heartbeat: Duration = .seconds(15)
    /// How long a listener waits before it comes back; not the same for all, so that they do not come all at once.
    var retry: Duration = .milliseconds(Int.random(in: 1000...3000))
    /// Throws when the listener may not listen any more.
    let authenticate: @Sendable () async throws -> Void

    /// The least time between two looks: the more listeners a job has, the rarer each of them looks.
    private var pace: Duration {
        min(max(.milliseconds(50), .milliseconds(watch.count)), .seconds(1))
    }

    /// Sends events until the job has ended, the listener is gone or the service stops.
    ///
    /// - Parameters:
    ///   - cursor: What the listener knows already.
    ///   - writer: Where the stream goes.
    /// - Throws: Faults of the store, which cut the stream off, and `ConnectionClosed`.
    func run(after cursor: EventCursor, to writer: ResponseWriter) async throws {
        var feed = JobEventFeed(after: cursor)
        try await writer.write(ServerSentEvent.retry(after: retry))
        var lastWrite = ContinuousClock.now
        var lastCheck = lastWrite
        while !lifecycle.isDraining, !client.hasEnded {
            let (mark, lastLook) = (watch.mark, ContinuousClock.now)
            if lastLook - lastCheck >= heartbeat {
                // A key that was revoked meanwhile ends the stream, however busy; the listener learns why when it comes back.
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
            let patience = heartbeat - (ContinuousClock.now - min(lastWrite, lastCheck))
            await client.interrupting { [watch] in await watch.wait(after: mark, atMost: patience) }
            let pause = pace - (ContinuousClock.now - lastLook)
            // A cancelled sleep is over like any other.
            if pause > .zero, !lifecycle.isDraining { try? await Task.sleep(for: pause) }
            guard !Task.isCancelled else { throw ConnectionClosed() }
        }
        // A listener that has gone reads nothing; one that has ended its own direction only comes back and goes on.
        if lifecycle.isDraining {
            try await writer.write(ServerSentEvent.comment("the service stops, come back"))
        }
    }
}
