import Testing

@testable import Imaging

@Suite("JPEG decoding")
struct JPEGDecodingTests {
    @Test(
        "The pixels are exactly those that Pillow decodes",
        arguments: [
            ("baseline_420.jpg", 77, 53, PixelLayout.rgb),
            ("baseline_422.jpg", 77, 53, .rgb),
            ("baseline_444.jpg", 77, 53, .rgb),
            ("baseline_low.jpg", 77, 53, .rgb),
            ("progressive_420.jpg", 77, 53, .rgb),
            ("progressive_444.jpg", 77, 53, .rgb),
            ("gray.jpg", 77, 53, .gray),
            ("gray_progressive.jpg", 77, 53, .gray),
            ("one_pixel.jpg", 1, 1, .rgb),
            ("icc.jpg", 16, 16, .rgb),
            ("small.jpg", 11, 16, .rgb),
            ("cmyk_adobe.jpg", 41, 23, .rgb),
            ("cmyk_plain.jpg", 41, 23, .rgb),
            ("ycck.jpg", 41, 23, .rgb),
            ("cmyk_turned.jpg", 23, 41, .rgb),
        ]
    )
    func matchesPillow(name: String, width: Int, height: Int, layout: PixelLayout) throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (width, height))
        #expect(photo.layout == layout)
        #expect(photo.sourceFormat == .jpeg)
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
    }

    @Test("Each of the eight orientations is turned as Pillow turns it", arguments: 1...8)
    func orientations(number: Int) throws {
        let name = "orientation_\(number).jpg"
        let photo = try PhotoDecoder.decode(try Fixture.bytes(name))
        #expect((photo.width, photo.height) == (number < 5 ? (37, 21) : (21, 37)))
        #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
    }

    @Test(
        "A profile in several segments is carried byte for byte, and one beyond the limit is left out"
    )
    func profile() throws {
        let bytes = try Fixture.bytes("icc.jpg")
        #expect(try PhotoDecoder.decode(bytes).iccProfile == Fixture.profile(70_000))
        #expect(try PhotoDecoder.decode(try Fixture.bytes("gray.jpg")).iccProfile == nil)
        var limits = ImageLimits()
        limits.maxICCBytes = 69_999
        let without = try PhotoDecoder.decode(bytes, limits: limits)
        #expect(
            without.iccProfile == nil
                && without.colorOmissions == [Omission(.iccProfile, .tooLarge)]
        )
        limits.maxICCBytes = 70_000
        let with = try PhotoDecoder.decode(bytes, limits: limits)
        #expect(
            with.iccProfile?.count == 70_000 && with.colorOmissions.isEmpty
                && with.samples == without.samples
        )
    }

    @Test("Kinds of JPEG that are not read are refused by name")
    func unsupportedKinds() throws {
        let baseline = try Fixture.bytes("baseline_420.jpg")
        let cases: [(bytes: [UInt8], word: String)] = [
            // The frame header's marker gives the process: 0xC3 is lossless, 0xC9 arithmetic.
            (try baseline.replacing(frameByte: -1, with: 0xC3), "0xc3"),
            (try baseline.replacing(frameByte: -1, with: 0xC9), "arithmetic"),
            // The precision follows its length.
            (try baseline.replacing(frameByte: 2, with: 12), "precision 12"),
        ]
        for (bytes, word) in cases {
            let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
            #expect(error?.code == .unsupported)
            #expect(error?.detail.contains(word) == true, "\(error?.detail ?? "")")
        }
    }

    @Test("Inks with a profile are refused with their own code, since their colours would be lost")
    func inksWithProfile() throws {
        let bytes = try Fixture.bytes("cmyk_profile.jpg")
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code.rawValue == "image_cmyk_unsupported")
        // Anything but a CMYK profile says nothing about CMYK.
        var damaged = bytes
        let place = try #require(
            bytes.indices.dropLast(4).first { bytes[$0...].starts(with: "acsp".utf8) }
        )
        damaged[place] = 0
        let photo = try PhotoDecoder.decode(damaged)
        #expect(photo.layout == .rgb && photo.colorOmissions == [Omission(.iccProfile, .damaged)])
    }

    @Test("Limits are checked on the header, before anything is allocated")
    func limits() throws {
        // 65,500 x 65,500 pixels would take twelve gigabytes.
        var bytes = try Fixture.bytes("baseline_420.jpg")
        for offset in [3, 5] {
            bytes = try bytes.replacing(frameByte: offset, with: 0xFF).replacing(
                frameByte: offset + 1,
                with: 0xDC
            )
        }
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .tooLarge)
        #expect(error?.detail.contains("65500 x 65500") == true)

        var narrow = ImageLimits()
        narrow.maxSide = 76
        let side = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes("baseline_420.jpg"), limits: narrow)
        }
        #expect(side?.code == .tooLarge)
        // Beyond what libjpeg itself can represent.
        bytes = try bytes.replacing(frameByte: 4, with: 0xFF)
        #expect(
            #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }?.code == .tooLarge
        )
    }

    @Test("A progressive JPEG with more scans than allowed is given up")
    func scans() throws {
        let bytes = try Fixture.bytes("progressive_420.jpg")
        var limits = ImageLimits()
        limits.maxJPEGScans = 9
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(bytes, limits: limits)
        }
        #expect(error?.code == .tooLarge)
        // libjpeg's default script for colour has ten scans.
        limits.maxJPEGScans = 10
        #expect(throws: Never.self) { try PhotoDecoder.decode(bytes, limits: limits) }
    }

    @Test("A picture cut anywhere is an error", arguments: ["small.jpg", "small_progressive.jpg"])
    func truncations(name: String) throws {
        let bytes = try Fixture.bytes(name)
        var codes: [ImagingError.Code: Int] = [:]
        for count in 0..<bytes.count {
            let error = #expect(throws: ImagingError.self) {
                try PhotoDecoder.decode(Array(bytes.prefix(count)))
            }
            if let code = error?.code { codes[code, default: 0] += 1 }
        }
        // Zero, one or two bytes are not recognised as a JPEG.
        #expect(codes == [.empty: 1, .unsupported: 2, .truncated: bytes.count - 3])
    }

    @Test("Bytes behind the end and between segments do no harm")
    func padding() throws {
        let bytes = try Fixture.bytes("small.jpg")
        let expected = try PhotoDecoder.decode(bytes)
        #expect(try PhotoDecoder.decode(bytes + [0, 0, 1, 2, 3]) == expected)
        // The first segment is JFIF's, of 18 bytes with its marker, after the two bytes of SOI.
        #expect(
            try PhotoDecoder.decode(bytes.prefix(20) + [0, 0, 0] + bytes.dropFirst(20)) == expected
        )
    }

    @Test("A damaged scan is an error, not a guess")
    func damagedScan() throws {
        var bytes = try Fixture.bytes("baseline_420.jpg")
        // An end marker in the middle of the entropy-coded data.
        bytes.replaceSubrange(bytes.count - 400..<bytes.count - 398, with: [0xFF, 0xD9])
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .corrupt)
    }
}

extension [UInt8] {
    /// Replaces a byte of the first frame header (baseline); offsets count from after its marker.
    fileprivate func replacing(frameByte offset: Int, with value: UInt8) throws -> [UInt8] {
        let marker = try #require(
            indices.dropLast().first {
                self[$0] == 0xFF && (0xC0...0xCF).contains(self[$0 + 1]) && self[$0 + 1] != 0xC4
            }
        )
        var copy = self
        copy[marker + 2 + offset] = value
        return copy
    }
}
