import Testing

@testable import Imaging

@Suite("PNG decoding")
struct PNGDecodingTests {
    @Test(
        "The pixels are exactly those that Pillow decodes",
        arguments: [
            ("rgb.png", PixelLayout.rgb),
            ("rgba.png", .rgba),
            ("gray.png", .gray),
            ("gray_alpha.png", .grayAlpha),
            ("bilevel.png", .gray),
            ("gray_2bit.png", .gray),
            ("gray_4bit.png", .gray),
            ("gray_transparent.png", .grayAlpha),
            ("rgb_transparent.png", .rgba),
            ("palette.png", .rgb),
            ("palette_4bit.png", .rgb),
            ("palette_alpha.png", .rgba),
            ("interlaced.png", .rgb),
        ]
    )
    func matchesPillow(name: String, layout: PixelLayout) throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (29, 33))
        #expect(photo.layout == layout)
        #expect(photo.sourceFormat == .png)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
    }

    /// A pixel and its checksum, stored uncompressed per the zlib specification.
    private static let pixel: [UInt8] = [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 1, 2, 3, 0, 14, 0, 7]

    private func file(_ chunks: [(String, [UInt8])]) -> [UInt8] {
        var file = PNGFile(width: 1, height: 1)
        for (kind, data) in chunks { file.append(kind, data) }
        file.append("IDAT", Self.pixel)
        file.append("IEND", [])
        return file.bytes
    }

    @Test("An animated PNG is refused with its own code, and one that does not move is read")
    func animated() throws {
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes("animated.png"))
        }
        #expect(error?.code.rawValue == "image_animated")
        let still = file([("acTL", [0, 0, 0, 1, 0, 0, 0, 0])])
        #expect(try PhotoDecoder.decode(still).samples == [1, 2, 3])
    }

    @Test(
        "What a PNG says of its colours without a profile comes out again, and libpng's own order of chunks is kept"
    )
    func colorimetry() throws {
        // A gamma of 1.8, and the chromaticities of sRGB.
        let gamma: [UInt8] = [0, 0, 0xD9, 0x03]
        let colors: [UInt8] = [31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000].flatMap {
            PNGFile.bigEndian($0)
        }
        let photo = try PhotoDecoder.decode(file([("gAMA", gamma), ("cHRM", colors)]))
        #expect(
            photo.colorimetry?.gamma == 55_555 && photo.colorimetry?.chromaticities?.first == 31_270
        )
        let written = try PNGEncoder.encode(photo)
        #expect(
            Array(written[33...]).starts(
                with: Array(file([("gAMA", gamma), ("cHRM", colors)])[33..<93])
            )
        )
        #expect(try PhotoDecoder.decode(written) == photo)
        // sRGB takes precedence, and so does a profile.
        #expect(try PhotoDecoder.decode(file([("sRGB", [0]), ("gAMA", gamma)])).colorimetry == nil)
        #expect(try PhotoDecoder.decode(try Fixture.bytes("rgba.png")).colorimetry == nil)
        // The same without a gamma.
        let alone = try PhotoDecoder.decode(file([("cHRM", colors)]))
        #expect(
            try PhotoDecoder.decode(try PNGEncoder.encode(alone)).colorimetry == alone.colorimetry
        )
        #expect(alone.colorimetry?.gamma == nil && alone.colorimetry?.chromaticities?.count == 8)
    }

    @Test(
        "Code points that no PNG for everybody can say are refused, each with its reason",
        arguments: [
            ([9, 16, 0, 1], "HDR"), ([9, 18, 0, 1], "HDR"), ([12, 13, 0, 0], "cICP"),
            ([4, 13, 0, 1], "primaries 4"),
        ] as [([UInt8], String)]
    )
    func otherCodePoints(content: [UInt8], word: String) throws {
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(file([("cICP", content)]))
        }
        #expect(error?.code == .unsupported && error?.detail.contains(word) == true)
    }

    @Test("Each of the eight orientations is turned as Pillow turns it", arguments: 1...8)
    func orientations(number: Int) throws {
        let name = "orientation_\(number).png"
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (number < 5 ? (37, 21) : (21, 37)))
        #expect(photo.layout == (number % 2 == 0 ? .rgb : .rgba))
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
    }

    @Test("An orientation behind the pixels counts")
    func orientationAtEnd() throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes("exif_at_end.png"))
        #expect((photo.width, photo.height) == (33, 29))
        #expect(photo.samples == (try Fixture.bytes("exif_at_end.png.raw")))
    }

    @Test("A profile is carried byte for byte, and one beyond the limit is left out")
    func profile() throws {
        let bytes = try Fixture.bytes("rgba.png")
        #expect(try PhotoDecoder.decode(bytes).iccProfile == Fixture.profile(5_000))
        #expect(try PhotoDecoder.decode(try Fixture.bytes("rgb.png")).iccProfile == nil)
        var limits = ImageLimits()
        limits.maxICCBytes = 4_999
        let photo = try PhotoDecoder.decode(bytes, limits: limits)
        #expect(
            photo.iccProfile == nil && photo.colorOmissions == [Omission(.iccProfile, .tooLarge)]
        )
        #expect(photo.samples == (try Fixture.bytes("rgba.png.raw")))
    }

    @Test("Limits are checked on the header, before anything is allocated")
    func limits() throws {
        let bytes = PNGFile(width: 100_000, height: 100_000).bytes
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .tooLarge)
        #expect(error?.detail.contains("100000 x 100000") == true)
        // Within the side limit, but not within the pixel limit.
        let wide = PNGFile(width: 65_000, height: 2_000).bytes
        #expect(
            #expect(throws: ImagingError.self) { try PhotoDecoder.decode(wide) }?.code == .tooLarge
        )
        let none = PNGFile(width: 0, height: 5).bytes
        #expect(
            #expect(throws: ImagingError.self) { try PhotoDecoder.decode(none) }?.code == .corrupt
        )
        let most = PNGFile(width: .max, height: .max).bytes
        #expect(throws: ImagingError.self) { try PhotoDecoder.decode(most) }
    }

    @Test("A profile that inflates to a thousand times its size is left out")
    func profileBomb() throws {
        // 8 MiB of zeros, compressed by zlib.
        let bomb = try Fixture.bytes("bomb.zlib")
        #expect(bomb.count < 10_000)
        var file = PNGFile(width: 1, height: 1)
        file.append("iCCP", Array("x\0\0".utf8) + bomb)
        file.append(
            "IDAT",
            [0x78, 0x9C, 0x63, 0x60, 0x60, 0x60, 0x00, 0x00, 0x00, 0x04, 0x00, 0x01]
        )
        file.append("IEND", [])
        let photo = try PhotoDecoder.decode(file.bytes)
        #expect(
            photo.iccProfile == nil && photo.colorOmissions == [Omission(.iccProfile, .tooLarge)]
        )
    }

    @Test(
        "A picture cut before its end chunk is an error",
        arguments: ["small.png", "small_palette.png"]
    )
    func truncations(name: String) throws {
        let bytes = try Fixture.bytes(name)
        // libspng ends at the end chunk's name; that chunk's checksum protects nothing.
        let end = bytes.count - 4
        var codes: [ImagingError.Code: Int] = [:]
        for count in 0..<end {
            let error = #expect(throws: ImagingError.self) {
                try PhotoDecoder.decode(Array(bytes.prefix(count)))
            }
            if let code = error?.code { codes[code, default: 0] += 1 }
        }
        // Shorter than the signature: not recognised as a PNG.
        #expect(codes == [.empty: 1, .unsupported: 7, .truncated: end - 8])
    }

    @Test("A wrong checksum is an error, but in a profile, which is left out")
    func checksums() throws {
        let bytes = try Fixture.bytes("small.png")
        var offset = 8
        var kinds: [String] = []
        while offset < bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            kinds.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            var damaged = bytes
            damaged[offset + 8 + length] ^= 1
            if kinds.last == "iCCP" {
                #expect(
                    try PhotoDecoder.decode(damaged).colorOmissions == [
                        Omission(.iccProfile, .damaged)
                    ]
                )
            } else {
                #expect(throws: ImagingError.self, "\(kinds)") { try PhotoDecoder.decode(damaged) }
            }
            offset += 12 + length
        }
        #expect(kinds == ["IHDR", "iCCP", "eXIf", "IDAT", "IEND"])
    }
}
