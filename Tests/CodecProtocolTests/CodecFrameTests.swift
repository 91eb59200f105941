import Testing

@testable import CodecProtocol

@Suite("Frames between the service and its codecs")
struct CodecFrameTests {
    /// Written by hand from the format: magic, 32-bit length 2, 64-bit length 3, header, body.
    private let wire: [UInt8] =
        [0x50, 0x4C, 0x4D, 0x31, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D, 9, 8, 7]
    private let frame = CodecFrame(header: Array("{}".utf8), body: [9, 8, 7])

    @Test("A frame is encoded byte for byte as the format says")
    func encodesBytes() {
        #expect(frame.encoded == wire)
        #expect(
            CodecFrame.prefix(headerCount: 0x0102_0304, bodyCount: 0x0506_0708_090A_0B0C)
                == [0x50, 0x4C, 0x4D, 0x31, 4, 3, 2, 1, 0x0C, 0x0B, 0x0A, 9, 8, 7, 6, 5]
        )
    }

    @Test("Frames are the same however the stream is cut into two pieces, or into single bytes")
    func decodesAtEverySplit() throws {
        let stream = wire + CodecFrame(header: [], body: []).encoded + wire
        let expected = [frame, CodecFrame(header: []), frame]
        for position in 0...stream.count {
            var decoder = CodecFrameDecoder()
            let frames = try decoder.frames(from: Array(stream[..<position]))
            #expect(try frames + decoder.frames(from: Array(stream[position...])) == expected)
            #expect(decoder.isBetweenFrames)
        }
        var decoder = CodecFrameDecoder()
        #expect(try stream.flatMap { try decoder.frames(from: [$0]) } == expected)
    }

    @Test("A stream may end only between two frames")
    func knowsWhereItMayEnd() throws {
        for count in 1..<wire.count {
            var decoder = CodecFrameDecoder()
            #expect(try decoder.frames(from: Array(wire.prefix(count))).isEmpty)
            #expect(!decoder.isBetweenFrames)
        }
    }

    @Test("Another magic is refused, and the decoder stays faulty")
    func refusesMagic() throws {
        var bytes = wire
        bytes[3] = 0x32
        var decoder = CodecFrameDecoder()
        #expect(throws: CodecFault.badMagic) { try decoder.frames(from: bytes) }
        #expect(throws: CodecFault.badMagic) { try decoder.frames(from: wire) }
    }

    @Test(
        "Announced lengths are refused before a byte behind them is kept",
        arguments: [
            (
                [1, 0, 4, 0] as [UInt8], [0, 0, 0, 0, 0, 0, 0, 0] as [UInt8],
                CodecFault.headerTooLong(262_145)
            ),
            ([255, 255, 255, 255], [0, 0, 0, 0, 0, 0, 0, 0], .headerTooLong(4_294_967_295)),
            ([0, 0, 0, 0], [1, 0, 0, 32, 0, 0, 0, 0], .bodyTooLong(536_870_913)),
            ([0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 128], .bodyTooLong(1 << 63)),
            ([0, 0, 0, 0], [255, 255, 255, 255, 255, 255, 255, 255], .bodyTooLong(.max)),
        ]
    )
    func refusesLengths(header: [UInt8], body: [UInt8], fault: CodecFault) {
        var decoder = CodecFrameDecoder()
        #expect(throws: fault) { try decoder.frames(from: Array("PLM1".utf8) + header + body) }
    }

    @Test("Lengths at the limits are taken")
    func acceptsLimits() throws {
        var decoder = CodecFrameDecoder(limits: CodecLimits(maxHeaderBytes: 2, maxBodyBytes: 3))
        #expect(try decoder.frames(from: wire) == [frame])
        decoder = CodecFrameDecoder(limits: CodecLimits(maxHeaderBytes: 1, maxBodyBytes: 3))
        #expect(throws: CodecFault.headerTooLong(2)) { try decoder.frames(from: wire) }
        decoder = CodecFrameDecoder(limits: CodecLimits(maxHeaderBytes: 2, maxBodyBytes: 2))
        #expect(throws: CodecFault.bodyTooLong(3)) { try decoder.frames(from: wire) }
    }
}
