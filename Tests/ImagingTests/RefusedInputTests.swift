import Testing

@testable import Imaging

@Suite("Input that is refused")
struct RefusedInputTests {
    @Test(
        "Formats that are not read are named",
        arguments: [
            (Array("GIF89a\u{1}\0\u{1}\0".utf8), "GIF"),
            (Array("II*\0\u{8}\0\0\0".utf8), "TIFF"),
            ([0x42, 0x4D, 0x36, 0x10, 0, 0, 0, 0, 0, 0, 0x36, 0], "BMP"),
            ([0xFF, 0x0A, 0xFA], "JPEG XL"),
            (Array("PK\u{3}\u{4}\u{14}".utf8), "archive"),
            ([UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8), "archive"),
            (Array("I am only text, sorry.\n".utf8), "not a picture"),
            ([0], "not a picture"),
        ] as [([UInt8], String)]
    )
    func unsupported(bytes: [UInt8], word: String) {
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .unsupported)
        #expect(error?.detail.contains(word) == true)
    }

    @Test("A file of no bytes is empty")
    func empty() {
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode([]) }
        #expect(error?.code == .empty)
    }

    @Test(
        "Random damage gives an error or a whole picture, never a trap",
        arguments: [
            "small.jpg", "small_progressive.jpg", "small.png", "small_palette.png", "turned.webp",
            "lossy_alpha.webp",
        ]
    )
    func mutations(name: String) throws {
        let original = try Fixture.bytes(name)
        var random = SplitMix64(seed: 20_261_121)
        var refused = 0
        let rounds = 1_500
        for _ in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, using: &random) }
            if name.hasSuffix("png") && Bool.random(using: &random) { repairChecksums(&bytes) }
            do throws(ImagingError) {
                // A mutated header may claim a huge size. A small limit keeps the test fast and is
                // itself exercised.
                var limits = ImageLimits()
                limits.maxPixels = 1_000_000
                let photo = try PhotoDecoder.decode(bytes, limits: limits)
                #expect(photo.samples.count == photo.height * photo.rowBytes)
            } catch {
                refused += 1
                #expect(!error.detail.isEmpty)
            }
        }
        // The mutations have an effect, and they do not all hit the signature.
        #expect(refused > rounds / 10)
        #expect(refused < rounds)
    }

    private func mutate(_ bytes: inout [UInt8], using random: inout SplitMix64) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes[position] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
        case 4: bytes.remove(at: position)
        default:
            bytes.insert(contentsOf: bytes[position..<min(position + 9, bytes.count)], at: position)
        }
    }

    /// Corrects the checksums of a PNG, so that damage gets past them.
    private func repairChecksums(_ bytes: inout [UInt8]) {
        var offset = 8
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - offset - 12 else { return }
            let crc = PNGFile.crc(Array(bytes[offset + 4..<offset + 8 + length]))
            bytes.replaceSubrange(
                offset + 8 + length..<offset + 12 + length,
                with: PNGFile.bigEndian(crc)
            )
            offset += 12 + length
        }
    }
}

/// A small seeded generator (Steele, Lea and Flood 2014), so that every run tries the same inputs.
private struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
