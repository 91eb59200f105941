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
        let route = context.route(request)
        record?.route = route
        guard route.isBrief else {
            task = Task { await answer(handler(request), of: number) }
            return
        }
        task = Task(executorPreference: shard.taskExecutor) { [self] in
            let response = await handler(request)
            if !answerFromQueue(response, of: number) { await answer(response, of: number) }
        }
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
        record = RequestRecord(
            id: RequestID.next(),
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
        guard case .stream(_, let stream) = response.body else {
            return answerAtOnce(response, of: number)
        }
        guard number == exchange else { return }
        if socket.isOpen { permit = response.permit }
        do {
            perform(try head(of: response))
            if machine.wantsResponseBody {
                try await stream(
                    ResponseWriter { [self] bytes in try await write(bytes, of: number) }
                )
                guard !machine.isClosed else { throw ConnectionClosed() }
            }
            conclude(try machine.respondEnd())
        } catch {
            cutOff(error)
        }
        settleAnswer()
    }

    /// Sends the response of a brief handler, whose task is on the connection's queue already,
    /// unless it is a stream; returns whether it did.
    private nonisolated func answerFromQueue(_ response: ServerResponse, of number: Int) -> Bool {
        if case .stream = response.body { return false }
        assumeIsolated { $0.answerAtOnce(response, of: number) }
        return true
    }

    /// Sends a response that is not a stream.
    private func answerAtOnce(_ response: ServerResponse, of number: Int) {
        guard number == exchange else { return }
        if socket.isOpen { permit = response.permit }
        do {
            try send(response)
        } catch {
            cutOff(error)
        }
        settleAnswer()
    }

    private func settleAnswer() {
        // A task that the handler left behind may still be waiting for the body.
        deliver(.failure(.disconnected))
        settle()
    }

    private func cutOff(_ error: any Error) {
        if !(error is ConnectionClosed) {
            context.logger.warning(
                "response cut off",
                metadata: ["request.id": "\(record?.id ?? "")", "error": "\(error)"]
            )
        }
        lose()
        finish(isComplete: false)
    }

    private func send(_ response: ServerResponse) throws {
        var actions = try head(of: response)
        if case .bytes(let bytes) = response.body {
            actions += try machine.respondBody(bytes)
            if machine.wantsResponseBody { record?.sentBytes += UInt64(bytes.count) }
        }
        conclude(actions + (try machine.respondEnd()))
    }

    private func head(of response: ServerResponse) throws -> [ConnectionMachine.Action] {
        guard !machine.isClosed else { throw ConnectionClosed() }
        var fields = response.fields
        if isOnReserve { fields[.connection] = "close" }
        fields.append(HTTPField(name: .date, value: WallClock.date()))
        if let requestID = record?.id {
            fields.append(HTTPField(name: .xRequestID, value: requestID))
        }
        record?.status = response.status.code
        return try machine.respond(
            status: response.status,
            fields: fields,
            lines: context.defaultFields.lines(besides: fields),
            length: response.body.length
        )
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
        context.logger.info("request", metadata: record.metadata(loggedAs: context.loggedPath))
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
