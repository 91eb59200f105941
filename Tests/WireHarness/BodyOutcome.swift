public import HTTPWire

/// The result of decoding a body: the bytes before its end or fault, and the rest.
public struct BodyOutcome: Equatable {
    /// The decoded bytes.
    public private(set) var bytes: [UInt8] = []
    /// The fault that ended the body.
    public private(set) var fault: HTTPFault?
    /// Whether the body's end was reached.
    public private(set) var isComplete = false
    /// The bytes after the end.
    public private(set) var rest: [UInt8] = []

    /// Creates an outcome to compare with.
    public init(
        bytes: [UInt8] = [],
        fault: HTTPFault? = nil,
        isComplete: Bool = false,
        rest: [UInt8] = []
    ) {
        self.bytes = bytes
        self.fault = fault
        self.isComplete = isComplete
        self.rest = rest
    }

    /// Decodes a body that arrives in pieces and then breaks off.
    public init(of pieces: [[UInt8]], framing: BodyFraming, limits: HTTPLimits) {
        var decoder = BodyDecoder(framing: framing, limits: limits)
        var buffer = ReceiveBuffer()
        for (index, piece) in pieces.enumerated() {
            buffer.append(piece)
            do throws(HTTPFault) {
                reading: while true {
                    switch try decoder.decode(&buffer, gathers: index < pieces.count - 1) {
                    case .needsBytes: break reading
                    case .piece(let decoded): bytes += decoded
                    case .end:
                        isComplete = true
                        rest = buffer.take(upTo: .max) + pieces[(index + 1)...].joined()
                        return
                    }
                }
            } catch {
                fault = error
                return
            }
        }
    }
}
