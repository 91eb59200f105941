public import HTTPTypes

/// A response that the caller built wrongly.
///
/// This is a bug on our side, never the peer's fault.
public enum ResponseMisuse: Error, Sendable, Equatable {
    /// No response is due: it has already begun, or the connection is closed.
    case notOwed
    /// The status is 1xx, or not a valid status.
    case notFinal
    /// Body bytes came before the head or after the end.
    case notStreaming
    /// The number of body bytes differs from the announced length.
    ///
    /// The connection must be torn down: the peer cannot detect the error any other way.
    case lengthMismatch
}

// MARK: - Events from the server

extension ConnectionMachine {
    /// Handles the handler's request for the next bytes of the body.
    ///
    /// - Returns: One delivery, either now or from a later event.
    public mutating func bodyWanted() -> [Action] {
        switch state {
        case .exchanging(var exchange):
            switch exchange.input {
            case .body(let decoder, _, let owesContinue):
                exchange.input = .body(decoder, isAsked: true, owesContinue: owesContinue)
                state = .exchanging(exchange)
                return advance()
            case .ended:
                return [.deliverEnd]
            case .broken(let fault):
                return [.deliverFault(fault)]
            }
        case .awaitingHead, .flushing, .discarding, .lingering, .closed:
            return [.deliverFault(.disconnected)]
        }
    }

    /// Handles the handler's withdrawal of its request for body bytes.
    public mutating func bodyUnwanted() {
        guard case .exchanging(var exchange) = state,
            case .body(let decoder, _, let owesContinue) = exchange.input
        else { return }
        exchange.input = .body(decoder, isAsked: false, owesContinue: owesContinue)
        state = .exchanging(exchange)
    }

    /// Sends the head of the response.
    ///
    /// Sets `Content-Length`, `Transfer-Encoding` and `Connection`, replacing their values in
    /// `fields`. `Connection: close` in `fields` ends the connection after this response. HTTP/1.0
    /// peers get no chunked coding.
    ///
    /// - Parameters:
    ///   - status: A final status, 200 to 599.
    ///   - fields: The other fields, `Date` included.
    ///   - lines: Further fields, as ``ResponseEncoder/lines(_:)`` encodes them; none of those that
    ///     this sets.
    ///   - length: The length of the body; for HEAD it is announced, but no body is sent.
    /// - Returns: The actions that send the head.
    /// - Throws: ``ResponseMisuse``.
    public mutating func respond(
        status: HTTPResponse.Status,
        fields: HTTPFields,
        lines: [UInt8] = [],
        length: ResponseLength
    ) throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(var exchange) = state, case .owed = exchange.output else {
            throw .notOwed
        }
        guard (200...599).contains(status.code) else { throw .notFinal }
        var fields = fields
        let asksToClose =
            fields.contains(.connection)
            && fields[values: .connection].contains { Grammar.listMembers($0).contains("close") }
        if asksToClose || isDraining || !canReachNextRequest(exchange.input) {
            exchange.keepsAlive = false
        }

        let encoding = Self.frame(exchange, status: status, length: length, fields: &fields)
        if encoding == .untilClose { exchange.keepsAlive = false }
        if !exchange.keepsAlive {
            fields[.connection] = "close"
        } else if fields.contains(.connection) {
            fields[.connection] = nil
        }
        exchange.output = .streaming(encoding)
        state = .exchanging(exchange)
        return [.send(ResponseEncoder.head(status: status, fields: fields, lines: lines))]
    }

    /// Sends the next bytes of the response body.
    ///
    /// - Throws: ``ResponseMisuse``.
    public mutating func respondBody(_ bytes: [UInt8]) throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(var exchange) = state,
            case .streaming(let encoding) = exchange.output
        else {
            throw .notStreaming
        }
        guard !bytes.isEmpty else { return [] }
        switch encoding {
        case .suppressed:
            return []
        case .untilClose:
            return [.send(bytes)]
        case .chunked:
            return [
                .send(ResponseEncoder.chunkHead(count: bytes.count)), .send(bytes),
                .send(ResponseEncoder.chunkEnd),
            ]
        case .length(let remaining):
            guard UInt64(bytes.count) <= remaining else { throw .lengthMismatch }
            exchange.output = .streaming(.length(remaining: remaining - UInt64(bytes.count)))
            state = .exchanging(exchange)
            return [.send(bytes)]
        }
    }

    /// Ends the response body.
    ///
    /// - Throws: ``ResponseMisuse``.
    public mutating func respondEnd() throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(let exchange) = state,
            case .streaming(let encoding) = exchange.output
        else {
            throw .notStreaming
        }
        var actions: [Action] = []
        switch encoding {
        case .suppressed, .untilClose: break
        case .chunked: actions = [.send(ResponseEncoder.lastChunk)]
        case .length(let remaining): guard remaining == 0 else { throw .lengthMismatch }
        }
        guard exchange.keepsAlive else { return actions + end(exchange) }
        switch exchange.input {
        case .ended:
            state = .flushing
        case .body(let decoder, _, _):
            state = .discarding(decoder, budget: limits.maxDiscardedBodyBytes)
            actions += advance()
        case .broken:
            return actions + endOutput()
        }
        return actions
    }

    /// Ends the connection after a response.
    ///
    /// A peer that has sent its last request sends nothing more (RFC 9112 section 9.6), so that
    /// there is nothing to wait for.
    private mutating func end(_ exchange: Exchange) -> [Action] {
        guard exchange.isLast, case .ended = exchange.input, buffer.isEmpty else {
            return endOutput()
        }
        state = .closed
        return [.close]
    }

    /// Handles the completion of all pending output.
    ///
    /// The next pipelined request is examined only now, so that a peer that never reads cannot make
    /// responses pile up.
    public mutating func outputFlushed() -> [Action] {
        guard awaitsFlush else { return [] }
        if isDraining { return endOutput() }
        state = .awaitingHead(RequestHeadDecoder(limits: limits))
        return advance()
    }

    /// Whether the unread rest of a body is short enough to discard so that the connection can be
    /// kept.
    private func canReachNextRequest(_ input: Input) -> Bool {
        switch input {
        case .ended: true
        case .broken: false
        // A peer that got no `100 Continue` may or may not send the body, so the start of its next
        // request is unknown.
        case .body(_, _, owesContinue: true): false
        case .body(let decoder, _, _): (decoder.remainingBytes ?? 0) <= limits.maxDiscardedBodyBytes
        }
    }

    private static func frame(
        _ exchange: Exchange,
        status: HTTPResponse.Status,
        length: ResponseLength,
        fields: inout HTTPFields
    ) -> BodyEncoding {
        for name in [HTTPField.Name.contentLength, .transferEncoding] where fields.contains(name) {
            fields[name] = nil
        }
        guard status.code != 204, status.code != 304 else { return .suppressed }
        let encoding: BodyEncoding
        switch length {
        case .known(let bytes):
            fields.append(HTTPField(name: .contentLength, value: String(bytes)))
            encoding = .length(remaining: bytes)
        case .unknown where exchange.version == .http10:
            encoding = .untilClose
        case .unknown:
            fields[.transferEncoding] = "chunked"
            encoding = .chunked
        }
        return exchange.method == .head ? .suppressed : encoding
    }
}
