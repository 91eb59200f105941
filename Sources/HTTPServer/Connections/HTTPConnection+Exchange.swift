import HTTPTypes
import HTTPWire
import Logging
import SocketIO

// MARK: - One request and its response

extension HTTPConnection {
    func serve(_ head: RequestHead, _ framing: BodyFraming) {
        let client = context.trust.client(peer: peer, fields: head.fields)
        let number = begin(method: head.method, path: head.target.rawPath, client: client)
        record?.trace = head.fields[.traceParent].flatMap { TraceParent($0) }
        beginClient()
        let request = ServerRequest(
            method: head.method,
            target: head.target,
            fields: head.fields,
            body: RequestBody(declaredLength: framing.declaredLength) { [self] in
                await nextPiece(of: number)
            },
            peer: client,
            id: record?.id ?? "",
            clientEnd: clientEnd,
            isOnReserve: isOnReserve
        )
        let handler = context.handler
        task = Task { await answer(handler(request), of: number) }
    }

    func refuse(_ fault: HTTPFault) {
        let number = begin(method: nil, path: "", client: peer)
        // Use a task, as for every answer, so that the events of one turn never nest.
        task = Task { await answer(Problem(fault).response, of: number) }
    }

    func deliver(_ result: Result<[UInt8]?, HTTPFault>) {
        if case .success(let bytes?) = result { record?.receivedBytes += UInt64(bytes.count) }
        pull?.resume(returning: result)
        pull = nil
    }

    private func begin(method: HTTPRequest.Method?, path: String, client: String) -> Int {
        exchange += 1
        exchangeStart = DeadlineClock.now()
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        record = RequestRecord(
            id: String(repeating: "0", count: 16 - digits.count) + digits,
            peer: client,
            method: method,
            path: path,
            status: nil,
            receivedBytes: 0,
            sentBytes: 0,
            duration: .zero,
            isComplete: false
        )
        return exchange
    }

    // MARK: - From the handler

    /// Returns the next piece of the request's body.
    func nextPiece(of number: Int) async -> Result<[UInt8]?, HTTPFault> {
        // A second reader of the same body, or a reader after the response, gets nothing.
        guard number == exchange, pull == nil, !Task.isCancelled else {
            return .failure(.disconnected)
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pull = continuation
                perform(machine.bodyWanted())
            }
        } onCancel: {
            Task { await self.cancelPull(of: number) }
        }
    }

    private func cancelPull(of number: Int) {
        guard number == exchange, pull != nil else { return }
        machine.bodyUnwanted()
        deliver(.failure(.disconnected))
        settle()
    }

    /// Sends the handler's response.
    func answer(_ response: ServerResponse, of number: Int) async {
        guard number == exchange else { return }
        if socket.isOpen { permit = response.permit }
        do {
            try await send(response, of: number)
        } catch {
            if !(error is ConnectionClosed) {
                context.logger.warning(
                    "response cut off",
                    metadata: ["request.id": "\(record?.id ?? "")", "error": "\(error)"]
                )
            }
            lose()
            finish(isComplete: false)
        }
        // A task that the handler left behind may still be waiting for the body.
        deliver(.failure(.disconnected))
        settle()
    }

    private func send(_ response: ServerResponse, of number: Int) async throws {
        guard !machine.isClosed else { throw ConnectionClosed() }
        var fields = response.fields
        for field in context.defaultFields where fields[field.name] == nil { fields.append(field) }
        if isOnReserve { fields[.connection] = "close" }
        fields[.date] = HTTPDate.encode(WallClock.seconds())
        if let requestID = record?.id { fields[.xRequestID] = requestID }
        record?.status = response.status.code
        let head = try machine.respond(
            status: response.status,
            fields: fields,
            length: response.body.length
        )
        switch response.body {
        case .none:
            conclude(head + (try machine.respondEnd()))
        case .bytes(let bytes):
            let body = try machine.respondBody(bytes)
            if machine.wantsResponseBody { record?.sentBytes += UInt64(bytes.count) }
            conclude(head + body + (try machine.respondEnd()))
        case .stream(_, let stream):
            perform(head)
            if machine.wantsResponseBody {
                try await stream(
                    ResponseWriter { [self] bytes in try await write(bytes, of: number) }
                )
                guard !machine.isClosed else { throw ConnectionClosed() }
            }
            conclude(try machine.respondEnd())
        }
    }

    /// Finishes the exchange's record before its last actions, which may start the next request.
    private func conclude(_ actions: [ConnectionMachine.Action]) {
        finish(isComplete: true)
        perform(actions)
    }

    /// Sends bytes of a streamed response and waits until the socket has taken them.
    func write(_ bytes: [UInt8], of number: Int) async throws {
        guard number == exchange, !machine.isClosed, flushWaiter == nil else {
            throw ConnectionClosed()
        }
        try Task.checkCancellation()
        let actions = try machine.respondBody(bytes)
        record?.sentBytes += UInt64(bytes.count)
        perform(actions)
        guard socket.isOpen else { throw ConnectionClosed() }
        guard socket.hasPendingOutput else { return }
        try await withCheckedThrowingContinuation { flushWaiter = $0 }
    }

    private func finish(isComplete: Bool) {
        guard var record else { return }
        self.record = nil
        task = nil
        record.duration = .nanoseconds(Int64(clamping: DeadlineClock.now() - exchangeStart))
        record.isComplete = isComplete
        var metadata: Logger.Metadata = [
            "request.id": "\(record.id)",
            "peer": "\(record.peer)",
            "http.method": "\(record.method?.rawValue ?? "-")",
            "http.path": "\(context.loggedPath(record.path))",
            "http.status": record.status.map { .stringConvertible($0) } ?? "-",
            "http.received_bytes": .stringConvertible(record.receivedBytes),
            "http.sent_bytes": .stringConvertible(record.sentBytes),
            "http.duration_ms": .stringConvertible(record.duration / .milliseconds(1)),
            "http.complete": .stringConvertible(record.isComplete),
        ]
        record.trace?.describe(in: &metadata)
        context.logger.info("request", metadata: metadata)
        context.observer(record)
    }
}

extension BodyFraming {
    fileprivate var declaredLength: UInt64? {
        switch self {
        case .none: 0
        case .length(let length): length
        case .chunked: nil
        }
    }
}

extension ResponseBody {
    fileprivate var length: ResponseLength {
        switch self {
        case .none: .known(0)
        case .bytes(let bytes): .known(UInt64(bytes.count))
        case .stream(let length, _): length.map { .known($0) } ?? .unknown
        }
    }
}
