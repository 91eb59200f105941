import HTTPTypes

// What the peer does.

extension ConnectionMachine {
    /// Bytes have come.
    public mutating func received(_ bytes: some Collection<UInt8>) -> [Action] {
        switch state {
        case .awaitingHead, .exchanging, .flushing, .discarding:
            buffer.append(bytes)
            return advance()
        case .lingering, .closed:
            // Read away, so that the peer's kernel does not answer our end with a reset.
            return []
        }
    }

    /// The peer has ended its direction in good order.
    ///
    /// That is no abort: what is owed is still answered.
    public mutating func receivedEnd() -> [Action] {
        guard !peerEnded else { return [] }
        peerEnded = true
        if case .lingering = state {
            state = .closed
            return [.close]
        }
        return advance()
    }

    /// The connection is gone (a reset, or a write that failed).
    public mutating func disconnected() -> [Action] {
        defer { state = .closed }
        guard case .exchanging(let exchange) = state, case .body(_, isAsked: true, _) = exchange.input else {
            return []
        }
        return [.deliverFault(.disconnected)]
    }

    /// The deadline of ``waiting`` has passed.
    public mutating func timedOut() -> [Action] {
        switch state {
        case .awaitingHead(let decoder):
            if !decoder.hasBegun, buffer.isEmpty {
                state = .closed
                return [.close]
            }
            return refuse(.timedOut)
        case .exchanging(var exchange):
            guard case .body(_, isAsked: true, _) = exchange.input else { return [] }
            exchange.input = .broken(.timedOut)
            exchange.keepsAlive = false
            state = .exchanging(exchange)
            return [.deliverFault(.timedOut)]
        case .discarding:
            return endOutput()
        case .lingering:
            state = .closed
            return [.close]
        case .flushing, .closed:
            return []
        }
    }

    /// The server is shutting down: no further request on this connection.
    public mutating func beginDraining() -> [Action] {
        isDraining = true
        if case .awaitingHead = state, waiting == .idle {
            state = .closed
            return [.close]
        }
        return []
    }

    /// The connection is needed for others: it ends at once, unless a request is under way.
    public mutating func giveUp() -> [Action] {
        guard !isServing, !isClosed else { return [] }
        state = .closed
        return [.close]
    }

    /// Goes as far as the bytes at hand allow.
    mutating func advance() -> [Action] {
        switch state {
        case .awaitingHead(let decoder): advanceHead(decoder)
        case .exchanging(let exchange): advanceBody(exchange)
        case .discarding(let decoder, let budget): advanceDiscarding(decoder, budget: budget)
        case .flushing, .lingering, .closed: []
        }
    }

    private mutating func advanceHead(_ decoder: RequestHeadDecoder) -> [Action] {
        var decoder = decoder
        do throws(HTTPFault) {
            guard let head = try decoder.decode(&buffer) else {
                state = .awaitingHead(decoder)
                guard peerEnded else { return [] }
                guard decoder.hasBegun || !buffer.isEmpty else {
                    state = .closed
                    return [.close]
                }
                throw .truncatedHead
            }
            return begin(head, try BodyFraming(of: head, limits: limits))
        } catch {
            return refuse(error)
        }
    }

    private mutating func begin(_ head: RequestHead, _ framing: BodyFraming) -> [Action] {
        served += 1
        var input = Input.ended
        if framing != .none {
            let decoder = BodyDecoder(framing: framing, limits: limits)
            input = .body(decoder, isAsked: false, owesContinue: head.expectsContinue)
        }
        state = .exchanging(
            Exchange(
                input: input,
                output: .owed,
                method: head.method,
                version: head.version,
                keepsAlive: !head.asksToClose && served < limits.maxRequestsPerConnection
            )
        )
        return [.serve(head, framing)]
    }

    private mutating func refuse(_ fault: HTTPFault) -> [Action] {
        served += 1
        buffer = ReceiveBuffer()
        // The method may be unknown; an answer with a body is right for all but HEAD, whose client closes anyway.
        let exchange = Exchange(
            input: .broken(fault),
            output: .owed,
            method: .get,
            version: .http11,
            keepsAlive: false
        )
        state = .exchanging(exchange)
        return [.refuse(fault)]
    }

    private mutating func advanceBody(_ exchange: Exchange) -> [Action] {
        guard case .body(var decoder, isAsked: true, var owesContinue) = exchange.input else { return [] }
        var exchange = exchange
        do throws(HTTPFault) {
            switch try decoder.decode(&buffer) {
            case .piece(let bytes):
                exchange.input = .body(decoder, isAsked: false, owesContinue: false)
                state = .exchanging(exchange)
                return [.deliver(bytes)]
            case .end:
                exchange.input = .ended
                state = .exchanging(exchange)
                return [.deliverEnd]
            case .needsBytes:
                if peerEnded { throw .truncatedBody }
                var actions: [Action] = []
                if owesContinue, buffer.isEmpty, case .owed = exchange.output {
                    actions = [.send(ResponseEncoder.continueHead)]
                }
                owesContinue = false
                exchange.input = .body(decoder, isAsked: true, owesContinue: owesContinue)
                state = .exchanging(exchange)
                return actions
            }
        } catch {
            buffer = ReceiveBuffer()
            exchange.input = .broken(error)
            exchange.keepsAlive = false
            state = .exchanging(exchange)
            return [.deliverFault(error)]
        }
    }

    private mutating func advanceDiscarding(_ decoder: BodyDecoder, budget: UInt64) -> [Action] {
        var (decoder, budget) = (decoder, budget)
        while true {
            // A fault here is nobody's any more: the request has been answered, only the connection is lost.
            guard let step = try? decoder.decode(&buffer) else { return endOutput() }
            switch step {
            case .piece(let bytes):
                guard UInt64(bytes.count) <= budget else { return endOutput() }
                budget -= UInt64(bytes.count)
            case .end:
                state = .flushing
                return []
            case .needsBytes:
                guard !peerEnded else { return endOutput() }
                state = .discarding(decoder, budget: budget)
                return []
            }
        }
    }

    /// Ends our direction; the peer's is read away until it ends too, so that it can read the answer (RFC 9112 section 9.6).
    mutating func endOutput() -> [Action] {
        buffer = ReceiveBuffer()
        state = peerEnded ? .closed : .lingering
        return [peerEnded ? .close : .endOutput]
    }
}
