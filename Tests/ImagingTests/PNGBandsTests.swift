import CKernels
import Dispatch
import Foundation
import ProcessHarness
import Synchronization
import Testing

@testable import Imaging

@Suite("PNG bands")
struct PNGBandsTests {
    /// Bytes of many kinds: what a band may hold, and what breaks a compressor.
    private static let kinds: [(name: String, byte: @Sendable (Int, UInt64) -> UInt8)] = [
        ("zeros", { _, _ in 0 }),
        ("noise", { _, random in UInt8(truncatingIfNeeded: random) }),
        // Two bits of noise around zero, as the residuals of a smooth photo.
        ("residuals", { _, random in UInt8(truncatingIfNeeded: Int(random % 5) - 2) }),
        ("ramp", { index, _ in UInt8(truncatingIfNeeded: index) }),
        ("long period", { index, _ in UInt8(truncatingIfNeeded: index % 331 * 7) }),
        ("rare bytes", { index, random in random % 97 == 0 ? UInt8(index & 255) : 0 }),
        (
            "flat, then noise",
            { index, random in index % 50_000 < 25_000 ? 9 : UInt8(truncatingIfNeeded: random) }
        ),
        ("triples", { index, random in UInt8(truncatingIfNeeded: (index / 3 % 64) * 5 / 3) }),
    ]

    private static func bytes(_ kind: Int, count: Int) -> [UInt8] {
        var state: UInt64 = 88_172_645_463_325_252
        return (0..<count).map { index in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return kinds[kind].byte(index, state >> 20)
        }
    }

    /// Compresses bytes in bands of the given size, and checks that no band passes its bound.
    private static func deflated(_ bytes: [UInt8], band: Int) throws -> [UInt8] {
        let deflater = try #require(plm_deflater_create())
        defer { plm_deflater_free(deflater) }
        var stream: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: band) {
            let part = Array(bytes[start..<min(start + band, bytes.count)])
            let bound = plm_deflate_bound(part.count)
            var target = [UInt8](repeating: 0xA5, count: bound + 64)
            let isLast = start + band >= bytes.count
            let length = plm_deflate_band(deflater, part, part.count, isLast, &target)
            #expect(length <= bound)
            #expect(target[bound...].allSatisfy { $0 == 0xA5 })
            stream += target[..<length]
        }
        return stream
    }

    @Test("zlib gives back every kind of bytes, of every length, in bands", arguments: 0..<8)
    func inflates(kind: Int) throws {
        let lengths = [1, 2, 7, 15, 16, 17, 300, 4_099, 16_384, 16_385, 65_537, 200_001]
        var parts: [String] = []
        var originals: [UInt8] = []
        for length in lengths {
            let bytes = Self.bytes(kind, count: length)
            for band in [length, max(1, length / 3), 70_000] where length / band < 100 {
                parts.append(Data(try Self.deflated(bytes, band: band)).base64EncodedString())
                originals += bytes
            }
        }
        let script = """
            import base64, sys, zlib
            for line in sys.stdin:
                stream = zlib.decompressobj(-15)
                sys.stdout.buffer.write(stream.decompress(base64.b64decode(line)))
                assert stream.eof and not stream.unused_data
            """
        let end = try RunningProgram.run(
            "/usr/bin/python3",
            ["-c", script],
            input: Array(parts.joined(separator: "\n").utf8)
        )
        try #require(end.isSuccess, "\(Self.kinds[kind].name): \(end.complaintText)")
        #expect(Array(end.output) == originals, "\(Self.kinds[kind].name)")
    }

    @Test("Noise grows by less than a thousandth, and zeros shrink to less")
    func extremes() throws {
        let count = 300_000
        #expect(try Self.deflated(Self.bytes(1, count: count), band: count).count < 300_300)
        #expect(try Self.deflated(Self.bytes(0, count: count), band: count).count < 800)
    }

    private static func photo(width: Int, height: Int, layout: PixelLayout, kind: Int) -> Photo {
        Photo(
            width: width,
            height: height,
            layout: layout,
            samples: bytes(kind, count: width * height * layout.channels),
            sourceFormat: .png
        )
    }

    @Test(
        "The file is the same, whoever runs the bands in whatever order",
        arguments: PixelLayout.allCases
    )
    func runners(layout: PixelLayout) throws {
        let photo = Self.photo(width: 1_003, height: 1_201, layout: layout, kind: 2)
        let parallel = BandRunner { count, body in
            DispatchQueue.concurrentPerform(iterations: count, execute: body)
        }
        let backwards = BandRunner { count, body in
            for index in (0..<count).reversed() { body(index) }
        }
        let serial = try PNGEncoder.encode(photo)
        #expect(try PNGEncoder.encode(photo, bands: parallel) == serial)
        #expect(try PNGEncoder.encode(photo, bands: backwards) == serial)
        #expect(try PhotoDecoder.decode(serial) == photo)
    }

    @Test("A picture has one band until it has the bytes of two")
    func count() throws {
        for (height, expected) in [(1, 1), (1_023, 1), (1_025, 1), (2_050, 2), (10_240, 10)] {
            let photo = Self.photo(width: 511, height: height, layout: .gray, kind: 2)
            let counted = Mutex(0)
            _ = try PNGEncoder.encode(
                photo,
                bands: BandRunner { count, body in
                    counted.withLock { $0 = count }
                    BandRunner.serial.run(count, body)
                }
            )
            #expect(counted.withLock { $0 } == expected, "\(height) rows")
        }
    }

    @Test("Flat pictures have no bands")
    func flat() throws {
        let photo = Self.photo(width: 700, height: 2_000, layout: .rgb, kind: 0)
        let none = BandRunner { _, _ in Issue.record("A band was run.") }
        let file = try PNGEncoder.encode(photo, bands: none)
        #expect(file.count < 20_000)
        #expect(try PhotoDecoder.decode(file) == photo)
    }

    @Test("Bands of every layout and depth are read back", arguments: PixelLayout.allCases)
    func layouts(layout: PixelLayout) throws {
        let sizes = [
            (1, 1, kinds: [1]), (1, 65_500, kinds: [2]), (65_500, 6, kinds: [2]),
            (300, 1_800, kinds: [1, 2, 6]),
        ]
        for (width, height, kinds) in sizes {
            for kind in kinds {
                let photo = Self.photo(width: width, height: height, layout: layout, kind: kind)
                let read = try PhotoDecoder.decode(try PNGEncoder.encode(photo))
                #expect(read == photo, "\(width)x\(height), \(Self.kinds[kind].name)")
            }
        }
    }
}
