import Dispatch
import Glibc
import HTTPTypes
import HTTPWire
import Logging
import SocketIO
import Synchronization

@testable import HTTPServer

/// A server on a free port with the routes that the tests use.
struct TestServer: Sendable {
    let server: HTTPServer
    let port: UInt16
    let events: TestEvents

    static func start(
        limits: HTTPLimits = HTTPLimits(),
        timeouts: HTTPTimeouts = HTTPTimeouts(),
        maxConnections: Int = 256,
        reservedConnections: Int = 16,
        maxConnectionsPerAddress: Int? = nil,
        unboundedPeers: [String] = [],
        shards: Int = 2
    ) async throws -> TestServer {
        let events = TestEvents()
        let router = Self.router(events)
        let configuration = HTTPServerConfiguration(
            limits: limits,
            timeouts: timeouts,
            maxConnections: maxConnections,
            reservedConnections: reservedConnections,
            maxConnectionsPerAddress: maxConnectionsPerAddress,
            unboundedPeers: unboundedPeers.compactMap(AddressBlock.init),
            defaultFields: [.xContentTypeOptions: "nosniff", .contentType: "text/default"],
            shards: shards
        )
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = HTTPServer(
            configuration: configuration,
            logger: logger,
            observer: { events.add("record \($0.status ?? 0) \($0.isComplete)") },
            routing: { router.summary(of: $0) }
        ) { request in
            do {
                return try await router.respond(to: request)
            } catch let fault as HTTPFault {
                return Problem(fault).response
            } catch {
                return Problem(status: .internalServerError, code: "internal", detail: "\(error)")
                    .response
            }
        }
        return TestServer(server: server, port: try await server.start().port, events: events)
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func stop() async { await server.drain(grace: .zero) }

    private static func router(_ events: TestEvents) -> Router {
        var router = Router()
        router.on(.get, "/hello", isBrief: true) { _, _ in
            ServerResponse(
                status: .ok,
                fields: [.contentType: "text/plain"],
                body: .bytes(Array("Hello\n".utf8))
            )
        }
        router.on(.get, "/path/{name}") { _, path in
            ServerResponse(status: .ok, body: .bytes(Array(path["name"].utf8)))
        }
        router.on(.post, "/echo") { request, _ in
            ServerResponse(
                status: .ok,
                body: .bytes(try await request.body.collect(upTo: 64 << 20))
            )
        }
        router.on(.put, "/echo") { request, _ in
            ServerResponse(
                status: .ok,
                body: .bytes(try await request.body.collect(upTo: 64 << 20))
            )
        }
        router.on(.post, "/pipe") { request, _ in
            // Sends back while receiving, which exercises back-pressure in both directions at once.
            ServerResponse(
                status: .ok,
                body: .stream(length: request.body.declaredLength) { writer in
                    for try await piece in request.body { try await writer.write(piece) }
                }
            )
        }
        router.on(.post, "/reject") { _, _ in
            Problem(status: .unauthorized, code: "key_missing", detail: "There is no key.").response
        }
        router.on(.get, "/stream/{count}", isBrief: true) { request, path in
            let count = UInt64(path["count"]) ?? 0
            let length = request.target.queryValue("chunked") == nil ? count : nil
            return ServerResponse(
                status: .ok,
                body: .stream(length: length) { writer in
                    var sent: UInt64 = 0
                    defer { events.add("stream ended") }
                    while sent < count {
                        let piece = pattern(from: sent, count: Int(min(count - sent, 65_536)))
                        try await writer.write(piece)
                        sent += UInt64(piece.count)
                    }
                }
            )
        }
        router.on(.get, "/short") { _, _ in
            ServerResponse(
                status: .ok,
                body: .stream(length: 10) { try await $0.write([1, 2, 3]) }
            )
        }
        router.on(.get, "/place") { request, _ in
            let place = request.isOnReserve ? "on reserve" : "ordinary"
            return ServerResponse(status: .ok, body: .bytes(Array(place.utf8)))
        }
        router.on(.get, "/large/{permit}", isBrief: true) { request, path in
            // More than any kernel buffers.
            var response = ServerResponse(
                status: .ok,
                body: .bytes([UInt8](repeating: 7, count: 32 << 20))
            )
            if path["permit"] == "permitted" { response.permit = Permit(events) }
            return response
        }
        router.on(.get, "/patient", isBrief: true) { request, _ in
            events.add("patient")
            await request.clientEnd.interrupting { await events.wait(for: "go") }
            let end = "client \(request.clientEnd.hasEnded ? "ended" : "there")"
            events.add(end)
            return ServerResponse(status: .ok, body: .bytes(Array(end.utf8)))
        }
        router.on(.get, "/wait", isBrief: true) { _, _ in
            events.add("waiting")
            // Ends by cancellation or when the test says so.
            await events.wait(for: "go")
            events.add(Task.isCancelled ? "cancelled" : "went")
            return ServerResponse(status: .ok, body: .bytes(Array("waited".utf8)))
        }
        return router
    }
}

/// Records an event when it is released.
final class Permit: Sendable {
    private let events: TestEvents

    init(_ events: TestEvents) {
        self.events = events
        events.add("permit")
    }

    deinit { events.add("permit over") }
}

/// Returns bytes that reveal a shift or a loss.
func pattern(from start: UInt64, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: (start + UInt64($0)) % 251) }
}

/// The events so far, in order; tests wait for them instead of sleeping.
final class TestEvents: Sendable {
    private struct State {
        var log: [String] = []
        var waiters: [(id: Int, event: String, continuation: CheckedContinuation<Void, Never>)] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    var log: [String] { state.withLock { $0.log } }

    func add(_ event: String) {
        let ready = state.withLock { state in
            state.log.append(event)
            let ready = state.waiters.filter { $0.event == event }
            state.waiters.removeAll { $0.event == event }
            return ready.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns once the event has happened or the task is cancelled.
    func wait(for event: String) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.log.contains(event) || Task.isCancelled { return true }
                    state.waiters.append((id, event, continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let index = state.waiters.firstIndex { $0.id == id }
                return index.map { state.waiters.remove(at: $0).continuation }
            }
            waiter?.resume()
        }
    }
}

/// Runs blocking work on a separate thread, so that the few task threads stay free for the server.
func blocking<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "blocking").async { continuation.resume(with: Result { try work() }) }
    }
}
