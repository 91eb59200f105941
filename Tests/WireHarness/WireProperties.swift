import HTTPTypes
import HTTPWire
import ImageHeader

/// Properties of the decoders that hold for any bytes.
///
/// A fuzzer searches for bytes that break them, and a test replays its findings.
public enum WireProperties {
    /// Small enough for short inputs to reach every limit.
    static let limits = HTTPLimits(
        maxHeadBytes: 256,
        maxRequestLineBytes: 64,
        maxFields: 6,
        maxBodyBytes: 20,
        maxChunkOverheadBytes: 24,
        maxBodyPieceBytes: 6,
        maxDiscardedBodyBytes: 8,
        maxRequestsPerConnection: 4
    )
    static let multipartLimits = MultipartLimits(
        maxParts: 3,
        maxPartHeadBytes: 128,
        maxPartFields: 3
    )

    /// Checks one input: its first byte selects the decoder, its second how the rest is split.
    ///
    /// - Returns: The violated property, or `nil` if all hold.
    public static func violation(of input: [UInt8]) -> String? {
        guard input.count > 2 else { return nil }
        let bytes = Array(input.dropFirst(2))
        let ways = [[bytes], bytes.map { [$0] }, pieces(of: bytes, seed: input[1])]
        switch (input[0] &- UInt8(ascii: "0")) % 7 {
        case 0: return conversation(ways)
        case 1: return chunkedBody(ways)
        case 2: return multipart(ways)
        case 3: return values(bytes)
        case 4: return ArchiveProperties.tar(ways)
        case 5: return ArchiveProperties.zip(ways)
        default: return imageHeader(ways)
        }
    }

    /// Splits bytes into pieces of pseudo-random lengths of 1 to 32 bytes.
    private static func pieces(of bytes: [UInt8], seed: UInt8) -> [[UInt8]] {
        var (pieces, rest, state) = ([[UInt8]](), bytes[...], UInt32(seed) &+ 1)
        while !rest.isEmpty {
            state = state &* 1_664_525 &+ 1_013_904_223
            let count = Int(state >> 27) + 1
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }

    // MARK: - Each decoder

    private static func imageHeader(_ ways: [[[UInt8]]]) -> String? {
        let readers = ways.map { pieces in
            pieces.reduce(into: ImageHeaderReader()) { $0.receive($1) }
        }
        for reader in readers {
            if reader.size != readers[0].size {
                return "the size of an image depends on how its bytes are split"
            }
            guard let size = reader.size else { continue }
            let sides = 1...Int(Int32.max)
            if !sides.contains(size.width) || !sides.contains(size.height) {
                return "an image has an impossible side"
            }
        }
        return nil
    }

    private static func conversation(_ ways: [[[UInt8]]]) -> String? {
        do {
            let conversations = try ways.map { try Conversation(of: $0, limits: limits) }
            for conversation in conversations {
                if conversation != conversations[0] {
                    return "a conversation depends on how its bytes are split"
                }
                if !conversation.isClosed { return "the peer has ended and the machine has not" }
                for exchange in conversation.exchanges {
                    if exchange.body.count > Int(limits.maxBodyBytes) {
                        return "a body is larger than the limit"
                    }
                    if exchange.isComplete == (exchange.fault != nil) {
                        return "a body is complete or has a fault"
                    }
                    if let head = exchange.head, let problem = problem(of: head) { return problem }
                }
                let faults = conversation.exchanges.dropLast().compactMap(\.fault)
                if faults.contains(where: \.closesConnection) {
                    return "a request is served after a lost framing"
                }
            }
            return nil
        } catch {
            return "the machine refuses its own answer: \(error)"
        }
    }

    private static func problem(of head: RequestHead) -> String? {
        if head.fields.count > limits.maxFields { return "a head has more fields than the limit" }
        for field in head.fields {
            // The next program to read it could misinterpret such a value.
            if field.value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
                return "a control came through"
            }
            if field.value.utf8.first == 0x20 || field.value.utf8.last == 0x20 {
                return "a value is not trimmed"
            }
        }
        for segment in head.target.segments
        where segment == "." || segment == ".." || segment.utf8.contains(0) {
            return "a path has a segment that it must not have"
        }
        return nil
    }

    private static func chunkedBody(_ ways: [[[UInt8]]]) -> String? {
        let outcomes = ways.map { BodyOutcome(of: $0, framing: .chunked, limits: limits) }
        guard outcomes.allSatisfy({ $0 == outcomes[0] }) else {
            return "a chunked body depends on how it is split"
        }
        let outcome = outcomes[0]
        if outcome.bytes.count > Int(limits.maxBodyBytes) {
            return "a chunked body is larger than the limit"
        }
        guard outcome.isComplete else { return nil }
        // Decoded bytes, encoded again, must decode to the same bytes.
        let size =
            outcome.bytes.isEmpty
            ? [] : Array((String(outcome.bytes.count, radix: 16) + "\r\n").utf8)
        let chunk = outcome.bytes.isEmpty ? [] : size + outcome.bytes + [0x0D, 0x0A]
        let again = BodyOutcome(
            of: [chunk + Array("0\r\n\r\n".utf8)],
            framing: .chunked,
            limits: limits
        )
        return again.bytes == outcome.bytes
            ? nil : "a chunked body is not what it was when it is coded anew"
    }

    private static func multipart(_ ways: [[[UInt8]]]) -> String? {
        struct Outcome: Equatable {
            var events: [MultipartEvent] = []
            var code: String?
        }
        let outcomes = ways.map { pieces in
            var outcome = Outcome()
            guard let type = MediaType("multipart/form-data; boundary=x") else { return outcome }
            do throws(HTTPFault) {
                var decoder = try MultipartDecoder(mediaType: type, limits: multipartLimits)
                for piece in pieces {
                    decoder.receive(piece)
                    while let event = try decoder.next() {
                        if case .partBytes(let bytes) = event,
                            case .partBytes(let before)? = outcome.events.last
                        {
                            outcome.events[outcome.events.count - 1] = .partBytes(before + bytes)
                        } else {
                            outcome.events.append(event)
                        }
                    }
                }
                try decoder.finish()
            } catch {
                outcome.code = error.code
                // Bytes before a fault may or may not be delivered.
                outcome.events = []
            }
            return outcome
        }
        guard outcomes.allSatisfy({ $0 == outcomes[0] }) else {
            return "a multipart body depends on how it is split"
        }
        let began = outcomes[0].events.count { if case .partBegan = $0 { true } else { false } }
        let ended = outcomes[0].events.count { if case .partEnded = $0 { true } else { false } }
        if began != ended { return "a part that began has not ended" }
        return began <= multipartLimits.maxParts ? nil : "there are more parts than the limit"
    }

    /// Checks field values: they must not trap, and a written value must be read back unchanged.
    private static func values(_ bytes: [UInt8]) -> String? {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        _ = MediaType(text)
        _ = ContentDisposition(text)
        _ = EntityTag(opaque: "a")?.matches(ifNoneMatch: text)
        _ = AcceptField(text)?.accepts("image/png")
        if case .part(let range) = ByteRange(text, length: 1000),
            range.isEmpty || range.upperBound > 1000
        {
            return "a range is outside of its file"
        }
        let written = ContentDisposition(type: "attachment", filename: text).encoded
        if written.utf8.contains(where: { $0 < 0x20 || $0 > 0x7E }) {
            return "a disposition is not plain text"
        }
        return ContentDisposition(written)?.filename == text
            ? nil : "a file name is not what it was"
    }
}
