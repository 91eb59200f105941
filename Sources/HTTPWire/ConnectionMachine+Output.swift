public import HTTPTypes

/// A response that its maker got wrong.
///
/// Our bug, never the peer's.
public enum ResponseMisuse: Error, Sendable, Equatable {
    /// No response is owed: it has been begun already, or the connection is closed.
    case notOwed
    /// The status is 1xx, or not a status at all.
    case notFinal
    /// Body bytes before the head, or after the end.
    case notStreaming
    /// More or fewer body bytes than announced. The connection must be torn down: the peer cannot tell otherwise.
    case lengthMismatch
}

// What our own side does.

extension ConnectionMachine {
    /// The handler asks for the next bytes of the body.
    ///
    /// - Returns: One delivery, now or from a later event.
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

    /// The handler no longer waits for the bytes that it asked for.
    public mutating func bodyUnwanted() {
        guard case .exchanging(var exchange) = state,
            case .body(let decoder, _, let owesContinue) = exchange.input
        else { return }
        exchange.input = .body(decoder, isAsked: false, owesContinue: owesContinue)
        state = .exchanging(exchange)
    }

    /// The head of the response is known.
    ///
    /// `Content-Length`, `Transfer-Encoding` and `Connection` are set here and replace what `fields` has; `Connection: close`
    /// among the fields ends the connection after this response. HTTP/1.0 peers get no chunked coding.
    ///
    /// - Parameters:
    ///   - status: A final status.
    ///   - fields: The other fields, `Date` included.
    ///   - length: The length of the body, also for HEAD, where it is announced but not sent.
    /// - Returns: The actions that send the head.
    /// - Throws: ``ResponseMisuse``.
    public mutating func respond(
        status: HTTPResponse.Status,
        fields: HTTPFields,
        length: ResponseLength
    ) throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(var exchange) = state, case .owed = exchange.output else { throw .notOwed }
        guard (200...599).contains(status.code) else { throw .notFinal }
        var fields = fields
        let asksToClose = fields[values: .connection].contains { Grammar.listMembers($0).contains("close") }
        if asksToClose || isDraining || !canReachNextRequest(exchange.input) { exchange.keepsAlive = false }

        let encoding = Self.frame(exchange, status: status, length: length, fields: &fields)
        if encoding == .untilClose { exchange.keepsAlive = false }
        fields[.connection] = exchange.keepsAlive ? nil : "close"
        exchange.output = .streaming(encoding)
        state = .exchanging(exchange)
        return [.send(ResponseEncoder.head(status: status, fields: fields))]
    }

    /// The next bytes of the response body are there.
    ///
    /// - Throws: ``ResponseMisuse``.
    public mutating func respondBody(_ bytes: [UInt8]) throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(var exchange) = state, case .streaming(let encoding) = exchange.output else {
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
                .send(ResponseEncoder.chunkHead(count: bytes.count)), .send(bytes), .send(ResponseEncoder.chunkEnd),
            ]
        case .length(let remaining):
            guard UInt64(bytes.count) <= remaining else { throw .lengthMismatch }
            exchange.output = .streaming(.length(remaining: remaining - UInt64(bytes.count)))
            state = .exchanging(exchange)
            return [.send(bytes)]
        }
    }

    /// The response body is complete.
    ///
    /// - Throws: ``ResponseMisuse``.
    public mutating func respondEnd() throws(ResponseMisuse) -> [Action] {
        guard case .exchanging(let exchange) = state, case .streaming(let encoding) = exchange.output else {
            throw .notStreaming
        }
        var actions: [Action] = []
        switch encoding {
        case .suppressed, .untilClose: break
        case .chunked: actions = [.send(ResponseEncoder.lastChunk)]
        case .length(let remaining): guard remaining == 0 else { throw .lengthMismatch }
        }
        guard exchange.keepsAlive else { return actions + endOutput() }
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

    /// Everything sent has left.
    ///
    /// Only now is the next pipelined request looked at, so that a peer that never reads cannot make answers pile up.
    public mutating func outputFlushed() -> [Action] {
        guard awaitsFlush else { return [] }
        if isDraining { return endOutput() }
        state = .awaitingHead(RequestHeadDecoder(limits: limits))
        return advance()
    }

    /// Whether the unread rest of a body is short enough to be read away for the connection's sake.
    private func canReachNextRequest(_ input: Input) -> Bool {
        switch input {
        case .ended: true
        case .broken: false
        // A peer that was not told to continue may send the body or not; nobody knows where its next request begins.
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
        fields[.contentLength] = nil
        fields[.transferEncoding] = nil
        guard status.code != 204, status.code != 304 else { return .suppressed }
        let encoding: BodyEncoding
        switch length {
        case .known(let bytes):
            fields[.contentLength] = String(bytes)
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
