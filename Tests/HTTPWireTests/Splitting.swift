import HTTPTypes
import WireHarness

@testable import HTTPWire

/// Returns the ways in which bytes may reach a decoder: whole, one by one, and cut in two at every
/// position.
func splittings(of bytes: [UInt8]) -> [[[UInt8]]] {
    var ways: [[[UInt8]]] = [[bytes], bytes.map { [$0] }]
    for cut in bytes.indices.dropFirst() {
        ways.append([Array(bytes[..<cut]), Array(bytes[cut...])])
    }
    return ways
}

/// The outcome of decoding a head: its essentials, a fault, or that more is needed.
enum HeadOutcome: Equatable {
    case head(RequestHead, rest: [UInt8])
    case fault(HTTPFault)
    case incomplete
}

func decodeHead(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits()) -> HeadOutcome {
    var decoder = RequestHeadDecoder(limits: limits)
    var buffer = ReceiveBuffer()
    for (index, piece) in pieces.enumerated() {
        buffer.append(piece)
        do throws(HTTPFault) {
            if let head = try decoder.decode(&buffer) {
                return .head(head, rest: buffer.take(upTo: .max) + pieces[(index + 1)...].joined())
            }
        } catch {
            return .fault(error)
        }
    }
    return .incomplete
}

/// Returns the outcome of a head, which must not depend on how its bytes are split.
func decodeHead(_ text: String, limits: HTTPLimits = HTTPLimits()) -> HeadOutcome {
    decodeHeadBytes(Array(text.utf8), limits: limits)
}

func decodeHeadBytes(_ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()) -> HeadOutcome {
    let ways = splittings(of: bytes)
    let whole = decodeHead(ways[0], limits: limits)
    for way in ways.dropFirst() {
        let other = decodeHead(way, limits: limits)
        // Returned rather than asserted, so that the caller's expectation shows it.
        if other != whole { return other }
    }
    return whole
}

func decodeBody(
    _ text: String,
    framing: BodyFraming,
    limits: HTTPLimits = HTTPLimits()
) -> BodyOutcome {
    let ways = splittings(of: Array(text.utf8))
    let whole = BodyOutcome(of: ways[0], framing: framing, limits: limits)
    for way in ways.dropFirst() {
        let other = BodyOutcome(of: way, framing: framing, limits: limits)
        if other != whole { return other }
    }
    return whole
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }
}
