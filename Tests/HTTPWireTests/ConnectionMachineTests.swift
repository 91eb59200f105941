import HTTPTypes
import Testing

@testable import HTTPWire

/// Conversations with a machine: the events, and the actions that they require.
@Suite("The connection machine") struct ConnectionMachineTests {
    typealias Action = ConnectionMachine.Action

    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    private func post(_ fields: String = "Content-Length: 5\r\n") -> String {
        "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    private func machine(_ limits: HTTPLimits = HTTPLimits()) -> ConnectionMachine {
        ConnectionMachine(limits: limits)
    }

    /// Feeds bytes that must form a request, and ignores its content.
    private func begin(_ machine: inout ConnectionMachine, _ text: String) {
        let actions = machine.received([UInt8](text))
        #expect(served(actions) != nil, "\(actions)")
    }

    /// Returns the request if serving it is the only action.
    private func served(_ actions: [Action]) -> (head: RequestHead, framing: BodyFraming)? {
        guard actions.count == 1, case .serve(let head, let framing) = actions[0] else {
            return nil
        }
        return (head, framing)
    }

    private func ok(_ machine: inout ConnectionMachine, _ body: String = "") throws -> [Action] {
        try machine.respond(status: .ok, fields: [:], length: .known(UInt64(body.utf8.count)))
            + machine.respondBody([UInt8](body)) + machine.respondEnd()
    }

    private func text(_ actions: [Action]) -> String {
        actions.map { action in
            if case .send(let bytes) = action {
                String(decoding: bytes, as: UTF8.self)
            } else {
                "<\(action)>"
            }
        }.joined()
    }

    @Test("Two requests on one connection, then silence")
    func keepAlive() throws {
        var machine = machine()
        #expect(machine.waiting == .head)
        for _ in 0..<2 {
            begin(&machine, get)
            #expect(machine.waiting == .nothing)
            #expect(
                text(try ok(&machine, "hi")) == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
            )
            #expect(machine.outputFlushed() == [])
            #expect(machine.waiting == .idle)
        }
        #expect(machine.timedOut() == [.close])
        #expect(machine.isClosed)
    }

    @Test("Pipelined requests are served one at a time, and only after the answer before has left")
    func pipelining() throws {
        var machine = machine()
        begin(&machine, get + post() + "hello" + get)
        _ = try ok(&machine)
        #expect(machine.received([UInt8](get)) == [])
        #expect(machine.awaitsFlush)
        let second = try #require(served(machine.outputFlushed()))
        #expect(second.head.method == .post)
        #expect(second.framing == .length(5))
        #expect(machine.bodyWanted() == [.deliver([UInt8]("hello"))])
        #expect(machine.bodyWanted() == [.deliverEnd])
        _ = try ok(&machine)
        #expect(served(machine.outputFlushed()) != nil)
    }

    @Test("A peer that pipelines without end is no longer read")
    func pipelineBound() {
        var machine = machine(HTTPLimits(maxHeadBytes: 64))
        begin(&machine, get)
        #expect(machine.wantsBytes)
        _ = machine.received([UInt8](repeating: 0x61, count: 64))
        #expect(!machine.wantsBytes)
    }

    @Test("A body is handed out only when it is asked for, and no more is read than one piece")
    func bodyBackPressure() {
        var machine = machine(HTTPLimits(maxBodyPieceBytes: 4))
        begin(&machine, post("Content-Length: 10\r\n"))
        #expect(machine.waiting == .nothing)
        #expect(machine.received([UInt8]("abcd")) == [])
        #expect(!machine.wantsBytes)
        #expect(machine.bodyWanted() == [.deliver([UInt8]("abcd"))])
        #expect(machine.wantsBytes)
        #expect(machine.bodyWanted() == [])
        #expect(machine.waiting == .body)
        #expect(machine.received([UInt8]("efg")) == [.deliver([UInt8]("efg"))])
        #expect(machine.waiting == .nothing)
    }

    @Test("Of a body that breaks off, what has been gathered is handed out before the fault")
    func gatheredBeforeEnd() {
        var machine = machine(HTTPLimits(maxBodyPieceBytes: 8))
        begin(&machine, post("Content-Length: 20\r\n"))
        #expect(machine.awaitedBytes == 1)
        #expect(machine.received([UInt8]("a")) == [])
        #expect(machine.bodyWanted() == [.deliver([UInt8]("a"))])
        #expect(machine.bodyWanted() == [])
        #expect(machine.awaitedBytes == 4)
        #expect(machine.received([UInt8]("bcd")) == [])
        #expect(machine.waiting == .body)
        #expect(machine.receivedEnd() == [.deliver([UInt8]("bcd"))])
        #expect(machine.bodyWanted() == [.deliverFault(.truncatedBody)])
    }

    @Test("100 Continue is sent with the first pull only")
    func continues() throws {
        var machine = machine()
        begin(&machine, post("Content-Length: 5\r\nExpect: 100-continue\r\n"))
        #expect(machine.bodyWanted() == [.send([UInt8]("HTTP/1.1 100 Continue\r\n\r\n"))])
        #expect(machine.received([UInt8]("he")) == [.deliver([UInt8]("he"))])
        #expect(machine.bodyWanted() == [])
        #expect(machine.received([UInt8]("llo")) == [.deliver([UInt8]("llo"))])
        #expect(machine.bodyWanted() == [.deliverEnd])
        #expect(!text(try ok(&machine)).contains("close"))
    }

    @Test("100 Continue is left out when the body is coming already, or the answer has begun")
    func needlessContinue() throws {
        var early = machine()
        begin(&early, post("Content-Length: 5\r\nExpect: 100-continue\r\n") + "h")
        #expect(early.bodyWanted() == [.deliver([UInt8]("h"))])
        #expect(early.bodyWanted() == [])
        var answered = machine()
        begin(&answered, post("Content-Length: 5\r\nExpect: 100-continue\r\n"))
        _ = try answered.respond(status: .ok, fields: [:], length: .unknown)
        #expect(answered.bodyWanted() == [])
    }

    @Test("A refusal before 100 Continue closes: nobody knows whether the body will come")
    func refusalBeforeContinue() throws {
        var machine = machine()
        begin(&machine, post("Content-Length: 5\r\nExpect: 100-continue\r\n"))
        let answer = text(try ok(&machine))
        #expect(answer.contains("Connection: close\r\n"))
        #expect(answer.hasSuffix("<endOutput>"))
        #expect(machine.waiting == .end)
    }

    @Test("After an early answer a short body is read away and the connection kept")
    func shortDiscard() throws {
        var machine = machine()
        begin(&machine, post())
        #expect(!text(try ok(&machine)).contains("close"))
        #expect(!machine.awaitsFlush)
        #expect(machine.waiting == .body)
        #expect(machine.received([UInt8]("hel")) == [])
        #expect(machine.received([UInt8]("lo" + get)) == [])
        #expect(served(machine.outputFlushed()) != nil)
    }

    @Test("After an early answer a long body ends the connection, in good order")
    func longDiscard() throws {
        let limits = HTTPLimits(maxDiscardedBodyBytes: 4)
        var known = machine(limits)
        begin(&known, post())
        #expect(
            text(try ok(&known))
                == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<endOutput>"
        )
        #expect(known.wantsBytes)
        #expect(known.received([UInt8]("hello" + get)) == [])
        #expect(known.receivedEnd() == [.close])

        var chunked = machine(limits)
        begin(&chunked, post("Transfer-Encoding: chunked\r\n"))
        #expect(!text(try ok(&chunked)).contains("close"))
        #expect(chunked.received([UInt8]("4\r\nabcd\r\n")) == [])
        #expect(chunked.received([UInt8]("1\r\ne\r\n")) == [.endOutput])
        #expect(chunked.timedOut() == [.close])
    }

    @Test("A malformed head is refused and nothing after it is looked at")
    func refusal() throws {
        var machine = machine()
        #expect(machine.received([UInt8]("GET / HTTP/1.1\r\n\r\n" + get)) == [.refuse(.badHost)])
        #expect(!machine.wantsBytes)
        let answer = text(
            try machine.respond(status: .badRequest, fields: [:], length: .known(0))
                + machine.respondEnd()
        )
        #expect(
            answer
                == "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n<endOutput>"
        )
        #expect(machine.received([UInt8](get)) == [])
        #expect(machine.receivedEnd() == [.close])
    }

    @Test("Ambiguous framing is refused before any handler sees the request")
    func framingRefusal() {
        var machine = machine()
        let text = post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")
        #expect(machine.received([UInt8](text)) == [.refuse(.badFraming)])
    }

    @Test("A fault in the body reaches the reader, and the answer closes")
    func bodyFault() throws {
        var machine = machine()
        begin(&machine, post("Transfer-Encoding: chunked\r\n") + "x\r\n")
        #expect(machine.bodyWanted() == [.deliverFault(.malformedChunk)])
        #expect(machine.bodyWanted() == [.deliverFault(.malformedChunk)])
        #expect(text(try ok(&machine)).contains("Connection: close\r\n"))
    }

    @Test("A fault in a body nobody reads closes after the answer")
    func unreadBodyFault() throws {
        var machine = machine()
        begin(&machine, post("Transfer-Encoding: chunked\r\n") + "x\r\n")
        #expect(text(try ok(&machine)).hasSuffix("<endOutput>"))
    }

    @Test("A half-closed peer gets its answers, the pipelined ones too")
    func halfClose() throws {
        var machine = machine()
        begin(&machine, get + get)
        #expect(machine.receivedEnd() == [])
        #expect(!machine.wantsBytes)
        #expect(!text(try ok(&machine)).contains("close"))
        #expect(served(machine.outputFlushed()) != nil)
        _ = try ok(&machine)
        #expect(machine.outputFlushed() == [.close])
    }

    @Test("The peer's end inside a head or body is a truncation")
    func truncation() {
        var silent = machine()
        #expect(silent.receivedEnd() == [.close])
        var inHead = machine()
        #expect(inHead.received([UInt8]("GET / HT")) == [])
        #expect(inHead.receivedEnd() == [.refuse(.truncatedHead)])
        var inBody = machine()
        begin(&inBody, post() + "hel")
        #expect(inBody.bodyWanted() == [.deliver([UInt8]("hel"))])
        #expect(inBody.bodyWanted() == [])
        #expect(inBody.receivedEnd() == [.deliverFault(.truncatedBody)])
    }

    @Test("A reset ends a waiting reader, and the answer is not owed any more")
    func reset() {
        var machine = machine()
        begin(&machine, post())
        #expect(machine.bodyWanted() == [])
        #expect(machine.disconnected() == [.deliverFault(.disconnected)])
        #expect(machine.bodyWanted() == [.deliverFault(.disconnected)])
        #expect(throws: ResponseMisuse.notOwed) {
            try machine.respond(status: .ok, fields: [:], length: .known(0))
        }
    }

    @Test("Time runs out: silent before a head, with 408 inside one, and to the reader of a body")
    func timeouts() throws {
        var silent = machine()
        #expect(silent.timedOut() == [.close])
        var inHead = machine()
        _ = inHead.received([UInt8]("G"))
        #expect(inHead.waiting == .head)
        #expect(inHead.timedOut() == [.refuse(.timedOut)])
        var inBody = machine()
        begin(&inBody, post())
        _ = inBody.bodyWanted()
        #expect(inBody.timedOut() == [.deliverFault(.timedOut)])
        #expect(text(try ok(&inBody)).contains("Connection: close"))
        var working = machine()
        begin(&working, get)
        #expect(working.timedOut() == [])
    }

    @Test("Draining closes an idle connection at once and a working one after its answer")
    func draining() throws {
        var idle = machine()
        begin(&idle, get)
        _ = try ok(&idle)
        _ = idle.outputFlushed()
        #expect(idle.beginDraining() == [.close])

        var working = machine()
        begin(&working, get)
        #expect(working.beginDraining() == [])
        #expect(text(try ok(&working)).contains("Connection: close\r\n"))

        var fresh = machine()
        #expect(fresh.beginDraining() == [])
        begin(&fresh, get)
        #expect(text(try ok(&fresh)).hasSuffix("<endOutput>"))
    }

    @Test("Connections end when the peer, the handler, the version or the count says so")
    func closing() throws {
        var byPeer = machine()
        begin(&byPeer, "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n")
        #expect(text(try ok(&byPeer)).contains("Connection: close\r\n"))
        var byHandler = machine()
        begin(&byHandler, get)
        _ = try byHandler.respond(status: .ok, fields: [.connection: "close"], length: .known(0))
        #expect(try byHandler.respondEnd() == [.endOutput])
        var byVersion = machine()
        begin(&byVersion, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(text(try ok(&byVersion)).contains("Connection: close\r\n"))
        var byCount = machine(HTTPLimits(maxRequestsPerConnection: 2))
        begin(&byCount, get + get)
        #expect(!text(try ok(&byCount)).contains("close"))
        _ = byCount.outputFlushed()
        #expect(text(try ok(&byCount)).contains("close"))
    }

    @Test("After a peer's last request nothing is waited for, unless it sent more than it said")
    func lastRequest() throws {
        let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        var byField = machine()
        begin(&byField, last)
        #expect(text(try ok(&byField)).hasSuffix("\r\n\r\n<close>"))
        #expect(byField.isClosed)
        var byVersion = machine()
        begin(&byVersion, "GET / HTTP/1.0\r\n\r\n")
        #expect(text(try ok(&byVersion)).hasSuffix("<close>"))
        var withMore = machine()
        begin(&withMore, last + "x")
        #expect(text(try ok(&withMore)).hasSuffix("<endOutput>"))
        // Its body is still to come.
        var withBody = machine()
        begin(&withBody, post("Content-Length: 5\r\nConnection: close\r\n"))
        #expect(text(try ok(&withBody)).hasSuffix("<endOutput>"))
    }

    @Test("An unknown length is chunked for 1.1 and ends the connection for 1.0")
    func unknownLength() throws {
        var new = machine()
        begin(&new, get)
        let head = try new.respond(status: .ok, fields: [.contentLength: "7"], length: .unknown)
        #expect(text(head) == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(
            text(try new.respondBody([UInt8](repeating: 0x61, count: 17)))
                == "11\r\naaaaaaaaaaaaaaaaa\r\n"
        )
        #expect(try new.respondBody([]) == [])
        #expect(text(try new.respondEnd()) == "0\r\n\r\n")
        var old = machine()
        begin(&old, "GET / HTTP/1.0\r\n\r\n")
        let oldHead = try old.respond(status: .ok, fields: [:], length: .unknown)
        #expect(text(oldHead) == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        #expect(text(try old.respondBody([UInt8]("a"))) == "a")
        #expect(try old.respondEnd() == [.close])
    }

    @Test("HEAD, 204 and 304 have no body on the wire")
    func bodiless() throws {
        var head = machine()
        begin(&head, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(text(try ok(&head, "hello")) == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        #expect(head.outputFlushed() == [])
        for status in [HTTPResponse.Status.noContent, .notModified] {
            begin(&head, get)
            let actions =
                try head.respond(status: status, fields: [:], length: .known(0)) + head.respondEnd()
            #expect(text(actions) == "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\r\n")
            _ = head.outputFlushed()
        }
    }

    @Test("Our own mistakes are errors, not bytes")
    func misuse() throws {
        var machine = machine()
        #expect(throws: ResponseMisuse.notOwed) {
            try machine.respond(status: .ok, fields: [:], length: .known(0))
        }
        begin(&machine, get)
        #expect(throws: ResponseMisuse.notStreaming) { try machine.respondBody([1]) }
        #expect(throws: ResponseMisuse.notFinal) {
            try machine.respond(status: .continue, fields: [:], length: .known(0))
        }
        _ = try machine.respond(status: .ok, fields: [:], length: .known(2))
        #expect(throws: ResponseMisuse.notOwed) {
            try machine.respond(status: .ok, fields: [:], length: .known(2))
        }
        #expect(throws: ResponseMisuse.lengthMismatch) { try machine.respondBody([1, 2, 3]) }
        _ = try machine.respondBody([1])
        #expect(throws: ResponseMisuse.lengthMismatch) { try machine.respondEnd() }
    }

    @Test("A value cannot write the rest of a response")
    func splitting() throws {
        let field = HTTPField(name: .location, lenientValue: [UInt8]("/a\u{1}b"))
        let injected = HTTPField(name: .location, value: "/a\r\nSet-Cookie: b=c")
        let status = HTTPResponse.Status(code: 200, reasonPhrase: "O\r\nK: ")
        let head = String(
            decoding: ResponseEncoder.head(status: status, fields: HTTPFields([field, injected])),
            as: UTF8.self
        )
        #expect(head.split(separator: "\r\n").count == 3)
        #expect(!head.contains("\r\nSet-Cookie"))
        #expect(!head.contains("\r\nK:"))
        #expect(!head.contains("\u{1}"))
    }

    @Test("A whole conversation does not depend on how its bytes are split")
    func splits() {
        let bytes = [UInt8](
            get + post() + "hello" + post("Transfer-Encoding: chunked\r\n")
                + "3\r\nabc\r\n0\r\n\r\n" + "BAD\r\n\r\n"
        )
        func transcript(_ pieces: [[UInt8]]) -> [String] {
            var machine = machine()
            var log: [String] = []
            var pending = pieces[...]
            var actions: [Action] = []
            while true {
                if actions.isEmpty {
                    if machine.awaitsFlush {
                        actions = machine.outputFlushed()
                    } else if let piece = pending.popFirst() {
                        actions = machine.received(piece)
                    } else {
                        return log
                    }
                    continue
                }
                switch actions.removeFirst() {
                case .serve(let head, _):
                    log.append("\(head.method) ")
                    actions += machine.bodyWanted()
                case .deliver(let bytes):
                    log[log.count - 1] += String(decoding: bytes, as: UTF8.self)
                    actions += machine.bodyWanted()
                case .deliverEnd:
                    actions += (try? ok(&machine)) ?? []
                case .refuse(let fault):
                    log.append(fault.code)
                    actions += (try? ok(&machine)) ?? []
                case .endOutput:
                    log.append("end")
                case .deliverFault(let fault):
                    log.append(fault.code)
                case .send, .close:
                    break
                }
            }
        }
        for way in splittings(of: bytes) {
            #expect(
                transcript(way) == [
                    "GET ", "POST hello", "POST abc", "request_line_malformed", "end",
                ]
            )
        }
    }
}
