import HTTPTypes

// MARK: - Events from the peer

extension ConnectionMachine {
    /// Handles received bytes.
    public mutating func received(_ bytes: some Collection<UInt8>) -> [Action] {
        switch state {
        case .awaitingHead, .exchanging, .flushing, .discarding:
            buffer.append(bytes)
            return advance()
        case .lingering, .closed:
            // Discard the bytes, but keep reading them: unread input would make the kernel reset
            // the connection.
            return []
        }
    }

    /// Handles the peer's orderly end of its sending direction.
    ///
    /// This is not an abort: outstanding requests are still answered.
    public mutating func receivedEnd() -> [Action] {
        guard !peerEnded else { return [] }
        peerEnded = true
        if case .lingering = state {
            state = .closed
            return [.close]
        }
        return advance()
    }

    /// Handles the loss of the connection (a reset, or a failed write).
    public mutating func disconnected() -> [Action] {
        defer { state = .closed }
        guard case .exchanging(let exchange) = state,
            case .body(_, isAsked: true, _) = exchange.input
        else {
            return []
        }
        return [.deliverFault(.disconnected)]
    }

    /// Handles the expiry of the deadline named by ``waiting``.
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

    /// Handles a server shutdown: this connection accepts no further request.
    public mutating func beginDraining() -> [Action] {
        isDraining = true
        if case .awaitingHead = state, waiting == .idle {
            state = .closed
            return [.close]
        }
        return []
    }

    /// Closes the connection to free its slot, unless a request is under way.
    public mutating func giveUp() -> [Action] {
        guard !isServing, !isClosed else { return [] }
        state = .closed
        return [.close]
    }

    /// Advances as far as the buffered bytes allow.
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
                isLast: head.asksToClose,
                keepsAlive: !head.asksToClose && served < limits.maxRequestsPerConnection
            )
        )
        return [.serve(head, framing)]
    }

    private mutating func refuse(_ fault: HTTPFault) -> [Action] {
        served += 1
        buffer = ReceiveBuffer()
        // The method may be unknown. An answer with a body is right for every method but HEAD, and
        // a HEAD client closes anyway.
        let exchange = Exchange(
            input: .broken(fault),
            output: .owed,
            method: .get,
            version: .http11,
            isLast: false,
            keepsAlive: false
        )
        state = .exchanging(exchange)
        return [.refuse(fault)]
    }

    private mutating func advanceBody(_ exchange: Exchange) -> [Action] {
        guard case .body(var decoder, isAsked: true, var owesContinue) = exchange.input else {
            return []
        }
        var exchange = exchange
        do throws(HTTPFault) {
            switch try decoder.decode(&buffer, gathers: !peerEnded) {
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
            // No handler is left to see a fault here: the request has been answered. Only the
            // connection is lost.
            guard let step = try? decoder.decode(&buffer, gathers: false) else {
                return endOutput()
            }
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

    /// Ends the sending direction and discards input until the peer ends its own.
    ///
    /// Otherwise a reset could destroy the answer before the peer has read it
    /// (RFC 9112 section 9.6).
    mutating func endOutput() -> [Action] {
        buffer = ReceiveBuffer()
        state = peerEnded ? .closed : .lingering
        return [peerEnded ? .close : .endOutput]
    }
}
