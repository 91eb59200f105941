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
            ("animated.png", .rgb),
        ]
    )
    func matchesPillow(name: String, layout: PixelLayout) throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (29, 33))
        #expect(photo.layout == layout)
        #expect(photo.sourceFormat == .png)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
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

    @Test("A profile is carried byte for byte, and one beyond the limit is refused")
    func profile() throws {
        let bytes = try Fixture.bytes("rgba.png")
        #expect(try PhotoDecoder.decode(bytes).iccProfile == Fixture.profile(5_000))
        #expect(try PhotoDecoder.decode(try Fixture.bytes("rgb.png")).iccProfile == nil)
        var limits = ImageLimits()
        limits.maxICCBytes = 4_999
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes, limits: limits) }
        #expect(error?.code == .tooLarge)
    }

    @Test("The size is read from the header alone")
    func dimensions() throws {
        let bytes = try Fixture.bytes("rgb.png")
        #expect(try PhotoDecoder.dimensions(of: Array(bytes.prefix(33))) == (29, 33))
    }

    @Test("Limits are checked on the header, before anything is allocated")
    func limits() throws {
        let bytes = PNGFile(width: 100_000, height: 100_000).bytes
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .tooLarge)
        #expect(error?.detail.contains("100000 x 100000") == true)
        // Within the side, but not within the pixels.
        let wide = PNGFile(width: 65_000, height: 1_000).bytes
        #expect(#expect(throws: ImagingError.self) { try PhotoDecoder.decode(wide) }?.code == .tooLarge)
        let none = PNGFile(width: 0, height: 5).bytes
        #expect(#expect(throws: ImagingError.self) { try PhotoDecoder.decode(none) }?.code == .corrupt)
        let most = PNGFile(width: .max, height: .max).bytes
        #expect(throws: ImagingError.self) { try PhotoDecoder.decode(most) }
    }

    @Test("A profile that inflates to a thousand times its size is refused")
    func profileBomb() throws {
        // 8 MiB of zeros, as zlib makes them.
        let bomb = try Fixture.bytes("bomb.zlib")
        #expect(bomb.count < 10_000)
        var file = PNGFile(width: 1, height: 1)
        file.append("iCCP", Array("x\0\0".utf8) + bomb)
        file.append("IDAT", [0x78, 0x9C, 0x63, 0x60, 0x60, 0x60, 0x00, 0x00, 0x00, 0x04, 0x00, 0x01])
        file.append("IEND", [])
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(file.bytes) }
        #expect(error?.code == .tooLarge, "\(error?.detail ?? "")")
    }

    @Test("A picture cut before its end chunk is an error", arguments: ["small.png", "small_palette.png"])
    func truncations(name: String) throws {
        let bytes = try Fixture.bytes(name)
        // libspng takes the end chunk's name for the end; its checksum guards nothing.
        let end = bytes.count - 4
        var codes: [ImagingError.Code: Int] = [:]
        for count in 0..<end {
            let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(Array(bytes.prefix(count))) }
            if let code = error?.code { codes[code, default: 0] += 1 }
        }
        // Shorter than the signature: no PNG yet.
        #expect(codes == [.empty: 1, .unsupported: 7, .truncated: end - 8])
    }

    @Test("A wrong checksum is an error, in every chunk")
    func checksums() throws {
        let bytes = try Fixture.bytes("small.png")
        var offset = 8
        var kinds: [String] = []
        while offset < bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            kinds.append(String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self))
            var damaged = bytes
            damaged[offset + 8 + length] ^= 1
            #expect(throws: ImagingError.self, "\(kinds)") { try PhotoDecoder.decode(damaged) }
            offset += 12 + length
        }
        #expect(kinds == ["IHDR", "iCCP", "eXIf", "IDAT", "IEND"])
    }
}
