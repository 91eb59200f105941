import Testing

@testable import Imaging

@Suite("HEIC and AVIF decoding")
struct HEIFDecodingTests {
    private static let formats = [ImageFormat.heic, .avif]

    @Test(
        "The pixels are exactly those that heif-convert decodes",
        arguments: formats,
        ["lossless", "alpha", "lossy"]
    )
    func matchesTool(format: ImageFormat, kind: String) throws {
        let name = "\(kind).\(format)"
        let bytes = try Fixture.bytes(name)
        let photo = try PhotoDecoder.decode(bytes)
        #expect((photo.width, photo.height) == (70, 66))
        #expect(photo.layout == (kind == "alpha" ? .rgba : .rgb) && photo.depth == .eight)
        #expect(photo.sourceFormat == format)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
        #expect(photo.iccProfile == nil && photo.metadata == PhotoMetadata())
    }

    @Test(
        "It is turned by the container and not by EXIF, and what stands beside the pixels is carried",
        arguments: formats
    )
    func carriesTheRest(format: ImageFormat) throws {
        let bytes = try Fixture.bytes("turned.\(format)")
        let photo = try PhotoDecoder.decode(bytes)
        #expect((photo.width, photo.height) == (66, 70))
        #expect(photo.samples == (try Fixture.bytes("turned.\(format).raw")))
        #expect(photo.iccProfile == (try Fixture.bytes("srgb.icc")))
        #expect(photo.metadata.exif.map(Orientation.init(exif:)) == .rotate180)
        var limits = ImageLimits()
        limits.maxICCBytes = 100
        let without = try PhotoDecoder.decode(bytes, limits: limits)
        #expect(
            without.iccProfile == nil
                && without.colorOmissions == [Omission(.iccProfile, .tooLarge)]
        )
    }

    /// 16-bit values from 10 or 12 bits in the file; the encoder rounds by one such step when
    /// converting to YCbCr.
    @Test(
        "More than eight bits become sixteen",
        arguments: [(ImageFormat.heic, 1023), (.avif, 4095)]
    )
    func widens(format: ImageFormat, largest: Int) throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes("deep.\(format)"))
        let drawn = try Fixture.bytes("deep.\(format).raw")
        try #require(
            photo.depth == .sixteen && photo.layout == .rgb && photo.samples.count == drawn.count
        )
        func value(_ bytes: [UInt8], _ index: Int) -> Int {
            Int(bytes[index]) << 8 | Int(bytes[index + 1])
        }
        var (apart, lowBytes): (Int, Set<UInt8>) = (0, [])
        for index in stride(from: 0, to: drawn.count, by: 2) {
            apart = max(apart, abs(value(photo.samples, index) - value(drawn, index)))
            lowBytes.insert(photo.samples[index + 1])
        }
        #expect(apart <= 65_535 / largest * 5 / 2)
        // More values occur than 8 bits can express.
        #expect(lowBytes.count > 64)
    }

    @Test(
        "Sequences are refused with their own code",
        arguments: [("lossless.avif", "avis"), ("lossless.heic", "hevc")]
    )
    func refusesSequences(name: String, brand: String) throws {
        var bytes = try Fixture.bytes(name)
        bytes.replaceSubrange(8..<12, with: brand.utf8)
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code.rawValue == "image_animated")
    }

    @Test("Limits are checked on the header, before anything is allocated", arguments: formats)
    func limits(format: ImageFormat) throws {
        var bytes = try Fixture.bytes("lossless.\(format)")
        let sizes = try #require(
            (0..<bytes.count - 16).first { bytes[$0..<$0 + 4].elementsEqual("ispe".utf8) }
        )
        bytes.replaceSubrange(sizes + 8..<sizes + 16, with: [0, 0, 0xFF, 0, 0, 0, 0xFF, 0])
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .tooLarge, "\(error?.detail ?? "")")
        var narrow = ImageLimits()
        narrow.maxPixels = 70 * 66 - 1
        let pixels = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes("lossy.\(format)"), limits: narrow)
        }
        #expect(pixels?.code == .tooLarge)
        narrow = ImageLimits()
        narrow.maxSide = 69
        let side = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes("lossy.\(format)"), limits: narrow)
        }
        #expect(side?.code == .tooLarge)
    }

    @Test("A stream that is larger than the container says is not decoded", arguments: formats)
    func contradictions(format: ImageFormat) throws {
        var bytes = try Fixture.bytes("lossless.\(format)")
        let sizes = try #require(
            (0..<bytes.count - 16).first { bytes[$0..<$0 + 4].elementsEqual("ispe".utf8) }
        )
        bytes.replaceSubrange(sizes + 8..<sizes + 16, with: [0, 0, 0, 8, 0, 0, 0, 8])
        #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
    }

    @Test("A picture cut anywhere is an error", arguments: formats)
    func truncations(format: ImageFormat) throws {
        let bytes = try Fixture.bytes("lossy.\(format)")
        for count in 0..<bytes.count {
            #expect(throws: ImagingError.self, "\(count)") {
                try PhotoDecoder.decode(Array(bytes.prefix(count)))
            }
        }
    }
}
