import CKernels
import Foundation
import ProcessHarness
import Testing

@testable import Imaging

@Suite("PNG encoding")
struct PNGEncoderTests {
    @Test("Pillow reads back every sample and the profile", arguments: PixelLayout.allCases)
    func pillow(layout: PixelLayout) throws {
        var photo = ImageQualityTests.pattern(width: 41, height: 19, layout: layout)
        photo.iccProfile = layout.hasAlpha ? Fixture.profile(3_000) : nil
        let read = try Pillow(reading: try PNGEncoder.encode(photo))
        #expect(read.format == "PNG")
        #expect(read.mode == ["L", "LA", "RGB", "RGBA"][layout.channels - 1])
        #expect(read.size == [41, 19])
        #expect(read.samples == photo.samples)
        #expect(read.profile == photo.iccProfile)
    }

    @Test("Our own decoder reads it back, too, at every level", arguments: [0, 1, 4, 9, 12])
    func roundTrip(level: Int) throws {
        for layout in PixelLayout.allCases {
            let pattern = ImageQualityTests.pattern(width: 8, height: 50, layout: layout)
            let photo = Photo(
                width: 8,
                height: 50,
                layout: layout,
                samples: pattern.samples,
                iccProfile: layout.colorChannels == 3 ? Fixture.profile(400) : nil,
                sourceFormat: .png
            )
            #expect(
                try PhotoDecoder.decode(try PNGEncoder.encode(photo, compressionLevel: level))
                    == photo
            )
        }
    }

    /// Rows of lengths around the vector size with different best filters: flat, stripes, ramps,
    /// noise.
    @Test("Every filter of every width undoes itself", arguments: PixelLayout.allCases)
    func filters(layout: PixelLayout) throws {
        var random = SystemRandomNumberGenerator()
        var used: Set<UInt8> = []
        for width in [1, 2, 5, 15, 16, 21, 22, 43, 64, 85, 86, 130, 700] {
            let (height, channels) = (40, layout.channels)
            let samples = (0..<height * width * channels).map { index -> UInt8 in
                let (row, column) = (
                    index / (width * channels), index % (width * channels) / channels
                )
                switch row / 5 {
                case 0: return 7
                case 1: return UInt8(truncatingIfNeeded: row * 40)
                case 2: return UInt8(truncatingIfNeeded: column * 13)
                case 3: return UInt8(truncatingIfNeeded: column * 3 + row * 5)
                case 4: return UInt8(truncatingIfNeeded: (column * 5 + row * 3) / 2 + index % 2)
                case 5: return UInt8.random(in: 0...255, using: &random)
                case 6: return UInt8(truncatingIfNeeded: column * row)
                default: return column % 3 == 0 ? 0 : 255
                }
            }
            var results: [[UInt8]] = []
            for set in [PLM_PORTABLE, PLM_AVX2, PLM_AVX512] where plm_supports(set) {
                var rows = samples + [UInt8](repeating: 0, count: height)
                var scratch = [UInt8](repeating: 9, count: 2 * width * channels)
                plm_filter_rows(set, &rows, width * channels, height, channels, &scratch)
                results.append(rows)
            }
            #expect(results.allSatisfy { $0 == results[0] })
            for row in 0..<height { used.insert(results[0][row * (width * channels + 1)]) }
            let photo = Photo(
                width: width,
                height: height,
                layout: layout,
                samples: samples,
                sourceFormat: .png
            )
            #expect(
                try PhotoDecoder.decode(try PNGEncoder.encode(photo)) == photo,
                "width \(width)"
            )
        }
        #expect(used == [0, 1, 2, 3, 4])
    }

    @Test("Equal photos give equal bytes")
    func determinism() throws {
        let photo = ImageQualityTests.pattern(width: 60, height: 40, layout: .rgb)
        let copy = Photo(
            width: 60,
            height: 40,
            layout: .rgb,
            samples: photo.samples.map { $0 },
            sourceFormat: .jpeg
        )
        #expect(try PNGEncoder.encode(photo) == PNGEncoder.encode(copy))
    }

    @Test("The file holds nothing but header, profile, pixels and end")
    func chunks() throws {
        var photo = ImageQualityTests.pattern(width: 6, height: 4, layout: .rgb)
        photo.iccProfile = Fixture.profile(500)
        let bytes = try PNGEncoder.encode(photo)
        var offset = 8
        var kinds: [String] = []
        while offset < bytes.count {
            kinds.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            offset += 12 + bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        #expect(kinds == ["IHDR", "iCCP", "IDAT", "IEND"])
    }
}

/// Pillow's reading of a picture file.
private struct Pillow: Decodable {
    let format: String
    let mode: String
    let size: [Int]
    let samples: [UInt8]
    let profile: [UInt8]?

    private static let script = """
        import io, json, sys
        from PIL import Image
        picture = Image.open(io.BytesIO(sys.stdin.buffer.read()))
        picture.load()
        profile = picture.info.get("icc_profile")
        print(json.dumps({
            "format": picture.format, "mode": picture.mode, "size": picture.size,
            "samples": list(picture.tobytes()), "profile": None if profile is None else list(profile),
        }))
        """

    init(reading bytes: [UInt8]) throws {
        let end = try RunningProgram.run("/usr/bin/python3", ["-c", Self.script], input: bytes)
        try #require(end.isSuccess, "\(end.complaintText)")
        self = try JSONDecoder().decode(Pillow.self, from: Data(end.output))
    }
}
