import FoundationEssentials
import HTTPServer
import HTTPTypes
import HTTPWire
import JobModel
import Operations
import Queue
import StoreHarness
import Synchronization
import Testing

@testable import HTTPAPI

/// A stream that never ended would hold its test, which the time limit turns into a failure.
@Suite("Events of a job", .timeLimit(.minutes(10)))
struct EventTests {
    /// An event as a listener hears it.
    private struct Heard: Equatable {
        var name = ""
        var id: String?
        var data = ""

        func json<Value: Decodable>(_ type: Value.Type) throws -> Value {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: Data(data.utf8))
        }

        static func all(in text: String) -> [Heard] {
            text.components(separatedBy: "\n\n").compactMap { block in
                var heard = Heard()
                for line in block.components(separatedBy: "\n") {
                    if line.hasPrefix("event: ") { heard.name = String(line.dropFirst(7)) }
                    if line.hasPrefix("id: ") { heard.id = String(line.dropFirst(4)) }
                    if line.hasPrefix("data: ") { heard.data = String(line.dropFirst(6)) }
                }
                return heard.name.isEmpty ? nil : heard
            }
        }
    }

    private struct Image: Decodable, Equatable {
        struct Failure: Decodable, Equatable { let code: String }
        struct Report: Decodable, Equatable { let linf: Int }
        let number: Int
        let name: String
        let `class`: String
        let file: String
        let state: String
        let error: Failure?
        let report: Report?
    }

    private struct Standing: Decodable {
        struct Counts: Decodable { let total, queued, done, failed: Int }
        let state: String
        let counts: Counts
        let reason: String?
    }

    @Test("A finished job is told whole: how it stands, every image, the end")
    func finished() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1], query: "?class=a&name=x.jpg")
        try await fixture.work()
        let answer = try await fixture.send(.get, "\(path)/events")
        #expect(answer.status == 200)
        #expect(answer.fields[.contentType] == "text/event-stream")
        #expect(answer.fields[.cacheControl] == "no-store")
        #expect(answer.fields[.accelBuffering] == "no")
        #expect(answer.text.wholeMatch(of: /retry: [1-3][0-9]{3}\n\n(?s:.*)/) != nil)
        let events = Heard.all(in: answer.text)
        #expect(events.map(\.name) == ["job", "image", "end"])
        #expect(events.map(\.id) == [nil, "1", "1.end"])
        #expect(
            try events[1].json(Image.self)
                == Image(
                    number: 1,
                    name: "x",
                    class: "a",
                    file: "a/x.png",
                    state: "done",
                    error: nil,
                    report: Image.Report(linf: 8)
                )
        )
        let end = try events[2].json(Standing.self)
        #expect((end.state, end.counts.done, end.reason) == ("done", 1, "finished"))
    }

    @Test("Images are told while the job runs, each once, with the failures' codes")
    func live() async throws {
        let fixture = try await Fixture()
        let form = Self.form(files: 30)
        let created = try await fixture.send(
            .post,
            "/v1/jobs",
            fields: form.fields,
            body: form.body
        )
        let path = try #require(created.fields[.location])
        async let listening = fixture.send(.get, "\(path)/events")
        try await fixture.work { bytes in
            bytes[0] % 3 == 0
                ? .failure(ImageFailure(code: "image_corrupt", detail: "It is broken."))
                : .picture(bytes + [0])
        }
        let events = Heard.all(in: try await listening.text)
        let images = try events.filter { $0.name == "image" }.map { try $0.json(Image.self) }
        #expect(images.map(\.number).sorted() == Array(1...30))
        #expect(images.filter { $0.error?.code == "image_corrupt" }.count == 10)
        #expect(events.filter { $0.name == "image" }.map(\.id) == (1...30).map { "\($0)" })
        #expect(events.first?.name == "job")
        #expect(events.last?.id == "30.end")
        // The counts never fall behind the images that were told before.
        var told = 0
        for event in events {
            if event.name == "image" { told += 1 }
            if event.name == "job" {
                let counts = try event.json(Standing.self).counts
                #expect(counts.done + counts.failed >= told)
                #expect(counts.total == 30)
            }
        }
    }

    @Test("More images than one look takes are all told")
    func pages() async throws {
        let fixture = try await Fixture()
        let form = Self.form(files: 2 * JobEventFeed.maxImages)
        let created = try await fixture.send(
            .post,
            "/v1/jobs",
            fields: form.fields,
            body: form.body
        )
        let path = try #require(created.fields[.location])
        try await fixture.work()
        let events = Heard.all(in: try await fixture.send(.get, "\(path)/events").text)
        #expect(events.map(\.name) == ["job"] + Array(repeating: "image", count: 200) + ["end"])
        #expect(Set(events.compactMap(\.id)).count == 201)
    }

    @Test("Who comes back hears what was missed, by field or by parameter, and the field wins")
    func resuming() async throws {
        let fixture = try await Fixture()
        let form = Self.form(files: 3)
        let created = try await fixture.send(
            .post,
            "/v1/jobs",
            fields: form.fields,
            body: form.body
        )
        let path = try #require(created.fields[.location])
        try await fixture.work()
        func ids(_ id: String?, parameter: String? = nil) async throws -> [String] {
            var fields = HTTPFields()
            fields[.lastEventID] = id
            let query = parameter.map { "?last_event_id=\($0)" } ?? ""
            return Heard.all(
                in: try await fixture.send(.get, "\(path)/events\(query)", fields: fields).text
            )
            .compactMap(\.id)
        }
        #expect(try await ids(nil) == ["1", "2", "3", "3.end"])
        #expect(try await ids("") == ["1", "2", "3", "3.end"])
        #expect(try await ids("0") == ["1", "2", "3", "3.end"])
        #expect(try await ids("1") == ["2", "3", "3.end"])
        #expect(try await ids(nil, parameter: "2") == ["3", "3.end"])
        #expect(try await ids("3", parameter: "1") == ["3.end"])
        #expect(try await ids("", parameter: "1") == ["2", "3", "3.end"])
        let wrong = try await fixture.send(
            .get,
            "\(path)/events?last_event_id=x",
            fields: [.lastEventID: "3"]
        )
        #expect(wrong.code == "last_event_id_invalid")
        // An end that was told before more images ended is none.
        #expect(try await ids("2.end") == ["3", "3.end"])
        let over = try await fixture.send(.get, "\(path)/events", fields: [.lastEventID: "3.end"])
        #expect((over.status, over.body) == (204, []))
    }

    @Test(
        "An id that is none of the job's is refused",
        arguments: ["4", "1.end.", "-1", "1.", ".end", "x", "9223372036854775808"]
    )
    func strangeIDs(id: String) async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        try await fixture.work()
        let answer = try await fixture.send(.get, "\(path)/events", fields: [.lastEventID: id])
        #expect((answer.status, answer.code) == (400, "last_event_id_invalid"))
    }

    @Test("Without the key there is 401, and another key's job is 404")
    func isolation() async throws {
        let fixture = try await Fixture()
        let path = try await fixture.upload([1])
        let other = APIKeySecret(presented: "plm_other")
        _ = try await fixture.store.createKey(
            name: "b",
            scopes: [.submit, .read],
            hash: other.hash,
            prefix: other.prefix
        )
        #expect(try await fixture.send(.get, "\(path)/events", key: nil).status == 401)
        #expect(
            try await fixture.send(.get, "\(path)/events", key: "plm_other").code == "job_unknown"
        )
        #expect(
            try await fixture.send(.get, "\(path)/events", fields: [.accept: "application/json"])
                .status == 406
        )
        #expect(try await fixture.send(.get, "\(path)/events?x=1").code == "parameter_unknown")
    }

    // MARK: - Streams that do not end by themselves

    /// What a listener has heard so far.
    private final class Transcript: Sendable {
        private struct State {
            var text = ""
            var word = ""
            var waiter: CheckedContinuation<Void, Never>?
        }

        private let state = Mutex(State())

        var text: String { state.withLock(\.text) }

        var writer: ResponseWriter {
            ResponseWriter { [self] bytes in
                state.withLock { state in
                    state.text += String(decoding: bytes, as: UTF8.self)
                    guard state.text.contains(state.word) else { return }
                    state.waiter?.resume()
                    state.waiter = nil
                }
            }
        }

        /// Waits until a word has been heard.
        func hears(_ word: String) async {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    guard !state.text.contains(word) else { return continuation.resume() }
                    (state.word, state.waiter) = (word, continuation)
                }
            }
        }
    }

    /// A stream about a job whose only image waits.
    private static func stream(
        _ fixture: Fixture,
        heartbeat: Duration = .seconds(3600)
    ) async throws -> JobEventStream {
        try await stream(fixture, of: try await fixture.upload([1]), heartbeat: heartbeat)
    }

    private static func stream(
        _ fixture: Fixture,
        of path: String,
        heartbeat: Duration
    ) async throws -> JobEventStream {
        let key = try #require(try await fixture.store.key(hash: fixture.secret.hash))
        let id = try #require(JobIdentifier(String(path.split(separator: "/").last ?? "")))
        return JobEventStream(
            store: fixture.store,
            lifecycle: fixture.api.lifecycle,
            job: id,
            tenant: key.id,
            watch: try #require(try await fixture.store.watch(id, tenant: key.id)),
            heartbeat: heartbeat,
            authenticate: { [store = fixture.store, hash = fixture.secret.hash] in
                guard try await store.key(hash: hash) != nil else { throw APIError.keyInvalid }
            }
        )
    }

    @Test("A silent stream says that it lives, and ends when its listener is gone")
    func heartbeat() async throws {
        let fixture = try await Fixture()
        let stream = try await Self.stream(fixture, heartbeat: .milliseconds(1))
        let transcript = Transcript()
        let task = Task { try await stream.run(after: .start, to: transcript.writer) }
        await transcript.hears("\n\n: still here\n\n: still here\n\n")
        task.cancel()
        await #expect(throws: ConnectionClosed.self) { try await task.value }
        #expect(Heard.all(in: transcript.text).map(\.name) == ["job"])
    }

    @Test("When the service stops a stream ends at once and whole, without an end of the job")
    func drain() async throws {
        let fixture = try await Fixture()
        let stream = try await Self.stream(fixture)
        let transcript = Transcript()
        let task = Task { try await stream.run(after: .start, to: transcript.writer) }
        await transcript.hears("event: job")
        fixture.api.lifecycle.startDraining()
        fixture.store.wakeWatches()
        try await task.value
        #expect(Heard.all(in: transcript.text).map(\.name) == ["job"])
    }

    @Test("The end of an erased job is told")
    func erased() async throws {
        let fixture = try await Fixture()
        let stream = try await Self.stream(fixture)
        let transcript = Transcript()
        let task = Task { try await stream.run(after: .start, to: transcript.writer) }
        await transcript.hears("event: job")
        #expect(try await fixture.send(.delete, "/v1/jobs/\(stream.job)").status == 204)
        try await task.value
        let end = try #require(Heard.all(in: transcript.text).last)
        #expect((end.name, end.id) == ("end", nil))
        #expect(end.data == "{\"id\":\"\(stream.job)\",\"reason\":\"erased\"}")
    }

    @Test("A key that is revoked hears no more")
    func revoked() async throws {
        let fixture = try await Fixture()
        let stream = try await Self.stream(fixture, heartbeat: .milliseconds(1))
        let transcript = Transcript()
        let task = Task { try await stream.run(after: .start, to: transcript.writer) }
        await transcript.hears("event: job")
        _ = try await fixture.store.revokeKey(stream.tenant)
        try await task.value
        #expect(Heard.all(in: transcript.text).map(\.name) == ["job"])
    }

    @Test("A key that is revoked hears no more of a job that is never silent")
    func revokedWhileBusy() async throws {
        let fixture = try await Fixture()
        let form = Self.form(files: 2 * JobEventFeed.maxImages)
        let created = try await fixture.send(
            .post,
            "/v1/jobs",
            fields: form.fields,
            body: form.body
        )
        let path = try #require(created.fields[.location])
        try await fixture.work()
        // Every look finds something to tell, so that there is no silence from the beginning to the end.
        let stream = try await Self.stream(fixture, of: path, heartbeat: .zero)
        _ = try await fixture.store.revokeKey(stream.tenant)
        let transcript = Transcript()
        try await stream.run(after: .start, to: transcript.writer)
        #expect(Heard.all(in: transcript.text).isEmpty)
    }

    @Test("Who was told of endings that a failed-over database has forgotten hears it all anew")
    func forgottenEndings() async throws {
        let fixture = try await Fixture {
            if let database = try? DatabaseLocation("postgres://db/photos") {
                $0.database = database
            }
        }
        let form = Self.form(files: 3)
        let created = try await fixture.send(
            .post,
            "/v1/jobs",
            fields: form.fields,
            body: form.body
        )
        let path = try #require(created.fields[.location])
        try await fixture.work()
        let all = Heard.all(in: try await fixture.send(.get, "\(path)/events").text)
        for id in ["4", "17", "4.end"] {
            let text = try await fixture.send(.get, "\(path)/events?last_event_id=\(id)").text
            #expect(Heard.all(in: text).map(\.id) == all.map(\.id), "\(id)")
        }
    }

    // MARK: - Forms

    /// A form with so many files of different bytes.
    private static func form(files: Int) -> (fields: HTTPFields, body: [UInt8]) {
        var body = Array("--x\r\nContent-Disposition: form-data; name=\"class\"\r\n\r\na\r\n".utf8)
        for number in 1...files {
            body += Array(
                "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\(number).jpg\"\r\n\r\n"
                    .utf8
            )
            body += [UInt8(number % 256), UInt8(number / 256), 1] + Array("\r\n".utf8)
        }
        body += Array("--x--\r\n".utf8)
        return ([.contentType: "multipart/form-data; boundary=x"], body)
    }
}
