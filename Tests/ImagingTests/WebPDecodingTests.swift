import Testing

@testable import Imaging

@Suite("WebP decoding")
struct WebPDecodingTests {
    @Test(
        "The pixels are exactly those that Pillow decodes",
        arguments: [
            ("lossy.webp", PixelLayout.rgb), ("lossless.webp", .rgb), ("lossy_alpha.webp", .rgba),
            ("lossless_alpha.webp", .rgba),
        ]
    )
    func matchesPillow(name: String, layout: PixelLayout) throws {
        let bytes = try Fixture.bytes(name)
        let photo = try PhotoDecoder.decode(bytes)
        #expect((photo.width, photo.height) == (41, 23))
        #expect(photo.layout == layout && photo.depth == .eight)
        #expect(photo.sourceFormat == .webp)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
        #expect(photo.iccProfile == nil && photo.metadata == PhotoMetadata())
    }

    @Test("It is turned by its EXIF, and what stands beside the pixels is carried")
    func carriesTheRest() throws {
        let bytes = try Fixture.bytes("turned.webp")
        let photo = try PhotoDecoder.decode(bytes)
        #expect((photo.width, photo.height) == (23, 41))
        #expect(photo.samples == (try Fixture.bytes("turned.webp.raw")))
        #expect(photo.iccProfile == Fixture.profile(601))
        #expect(photo.metadata.exif?.starts(with: [0x4D, 0x4D, 0, 42]) == true)
        let xmp = #"<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- webp --></x:xmpmeta>"#
        #expect(photo.metadata.xmp == Array(xmp.utf8))
        var limits = ImageLimits()
        limits.maxICCBytes = 600
        let without = try PhotoDecoder.decode(bytes, limits: limits)
        #expect(
            without.iccProfile == nil
                && without.colorOmissions == [Omission(.iccProfile, .tooLarge)]
        )
    }

    @Test("Pictures in motion are refused with their own code")
    func refusesMotion() throws {
        let bytes = try Fixture.bytes("animated.webp")
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code.rawValue == "image_animated")
    }

    @Test("Limits are checked on the header, before anything is allocated")
    func limits() throws {
        // The extended header's canvas: 24 bits per side, minus one (RFC 9649 section 2.7).
        var bytes = try Fixture.bytes("lossy_alpha.webp")
        try #require(bytes[12..<16].elementsEqual("VP8X".utf8))
        bytes.replaceSubrange(24..<30, with: [0xFF, 0x3F, 0, 0xFF, 0x3F, 0])
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(Array(bytes.prefix(64)))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.detail.contains("16384 x 16384") == true)
        var narrow = ImageLimits()
        narrow.maxPixels = 41 * 23 - 1
        let pixels = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes("lossy.webp"), limits: narrow)
        }
        #expect(pixels?.code == .tooLarge)
    }

    @Test(
        "A picture cut anywhere is an error",
        arguments: ["lossy.webp", "lossless.webp", "lossy_alpha.webp", "lossless_alpha.webp"]
    )
    func truncations(name: String) throws {
        let bytes = try Fixture.bytes(name)
        // The last byte may be padding.
        for count in 0..<bytes.count - 1 {
            let error = #expect(throws: ImagingError.self) {
                try PhotoDecoder.decode(Array(bytes.prefix(count)))
            }
            // Before the end of the chunk's header, the format is unknown.
            if count > 30, !name.contains("alpha") {
                #expect(error?.code == .truncated, "\(count)")
            }
        }
    }

    @Test("Chunks that claim more than there is are not there")
    func chunks() {
        let file = Array("RIFF\0\0\0\0WEBPABCD\u{3}\0\0\0xyz\0EFGH\u{2}\0\0\0uv".utf8)
        let chunks = RIFFChunks(file)
        #expect(chunks.first("ABCD").map(Array.init) == Array("xyz".utf8))
        #expect(chunks.first("EFGH").map(Array.init) == Array("uv".utf8))
        #expect(chunks.first("IJKL") == nil)
        #expect(RIFFChunks(Array(file.dropLast())).first("EFGH") == nil)
        for count in 0..<20 { #expect(RIFFChunks(Array(file.prefix(count))).first("ABCD") == nil) }
        #expect(
            RIFFChunks(Array(file.prefix(16)) + [0xFF, 0xFF, 0xFF, 0xFF, 1, 2]).first("ABCD") == nil
        )
    }
}
