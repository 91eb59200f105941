import Testing

@testable import Imaging

@Suite("Containers of HEIC and AVIF")
struct HEIFContainerTests {
    /// Six tiles of 64 x 64, as phones write pictures.
    ///
    /// The reference samples come from tiles that were decoded one by one.
    @Test("A grid of tiles is put together")
    func grid() throws {
        let bytes = try Fixture.bytes("grid.heic")
        let picture = try HEIFPicture(bytes, limits: ImageLimits())
        #expect(picture.images.map(\.number) == [7, 1, 2, 3, 4, 5, 6])
        #expect(picture.images.first?.size == .init(width: 150, height: 100))
        let photo = try PhotoDecoder.decode(bytes)
        #expect((photo.width, photo.height) == (150, 100))
        #expect(photo.samples == (try Fixture.bytes("grid.heic.raw")))
    }

    @Test(
        "A grid that says another size than the picture is refused before its canvas is made",
        arguments: [
            ("grid_larger.heic", ImagingError.Code.tooLarge), ("grid_huge.heic", .tooLarge),
            ("grid_smaller.heic", .corrupt),
        ]
    )
    func lyingGrids(name: String, code: ImagingError.Code) throws {
        let bytes = try Fixture.bytes(name)
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == code, "\(error?.detail ?? "")")
        // The sentence names the grid's problem, not a consequence.
        #expect(
            error?.detail.contains(name == "grid_smaller.heic" ? "140 x 90" : "32767 x 32767")
                == (name != "grid_larger.heic")
        )
    }

    @Test("A picture whose sides libheif cannot multiply is too large, whatever is allowed")
    func sides() throws {
        var bytes = try Fixture.bytes("lossless.heic")
        let place = try #require(bytes.place(of: "ispe"))
        bytes.replaceSubrange(place + 8..<place + 16, with: [0, 0, 0x80, 1, 0, 0, 0, 1])
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .tooLarge)
    }

    @Test("Metadata that would have to be inflated is refused by name")
    func compressedMetadata() throws {
        let bytes = try Fixture.bytes("compressed_xmp.heic")
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(
            error?.code == .unsupported
                && error?.detail.contains("compressed or encrypted metadata") == true
        )
    }

    @Test("Two tables of items are one too many")
    func ambiguity() throws {
        let bytes = try Fixture.bytes("grid.heic")
        let place = try #require(bytes.place(of: "iref"))
        var damaged = bytes
        damaged.replaceSubrange(place..<place + 4, with: "iloc".utf8)
        #expect(
            #expect(throws: ImagingError.self) { try PhotoDecoder.decode(damaged) }?.code
                == .corrupt
        )
    }

    @Test(
        "Colours that only the stream tells count",
        arguments: ["stream_hdr.avif", "stream_hdr.heic"]
    )
    func streamColors(name: String) throws {
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(try Fixture.bytes(name))
        }
        #expect(error?.code == .unsupported && error?.detail.contains("HDR") == true)
    }

    @Test("A profile of gray is not given to the RGB that gray has become")
    func grayProfile() throws {
        let photo = try PhotoDecoder.decode(try Fixture.bytes("gray.heic"))
        #expect(photo.layout == .rgb && photo.iccProfile == nil)
        #expect(photo.colorOmissions == [Omission(.iccProfile, .wrongColorSpace)])
    }

    @Test("No damage to the boxes traps, and none makes a canvas beyond the limit")
    func damage() throws {
        let bytes = try Fixture.bytes("grid.heic")
        let end = try #require(bytes.place(of: "mdat"))
        for index in 0..<end {
            for value: UInt8 in [0, 1, 0x7F, 0xFF] {
                var damaged = bytes
                damaged[index] = value
                guard let photo = try? PhotoDecoder.decode(damaged) else { continue }
                #expect(photo.samples.count == photo.height * photo.rowBytes)
            }
        }
    }
}

extension [UInt8] {
    /// Returns the index of the first occurrence of four letters.
    fileprivate func place(of letters: String) -> Int? {
        indices.dropLast(letters.utf8.count).first { self[$0...].starts(with: letters.utf8) }
    }
}
