import Foundation
import Testing

@testable import ImageHeader

@Suite struct ImageHeaderReaderTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Files and their sizes according to Pillow; one for each coding in the project's fixtures.
    static let files: [(name: String, width: Int, height: Int)] = [
        ("baseline_420.jpg", 77, 53), ("baseline_422.jpg", 77, 53), ("baseline_444.jpg", 77, 53),
        ("cmyk_adobe.jpg", 41, 23),
        ("gray.jpg", 77, 53), ("gray_progressive.jpg", 77, 53), ("icc.jpg", 16, 16),
        ("one_pixel.jpg", 1, 1),
        ("orientation_6.jpg", 37, 21), ("progressive_420.jpg", 77, 53), ("small.jpg", 16, 11),
        ("animated.png", 29, 33), ("exif_at_end.png", 29, 33), ("gray_2bit.png", 29, 33),
        ("interlaced.png", 29, 33),
        ("palette_4bit.png", 29, 33), ("rgb_16.png", 31, 17), ("small.png", 7, 6),
        ("lossy.webp", 41, 23), ("lossless.webp", 41, 23), ("lossy_alpha.webp", 41, 23),
        ("lossless_alpha.webp", 41, 23),
        ("animated.webp", 41, 23), ("turned.webp", 41, 23),
        // As stored, and the whole picture rather than its tiles.
        ("lossy.heic", 70, 66), ("alpha.heic", 70, 66), ("turned.heic", 70, 66),
        ("lossy.avif", 70, 66),
        ("deep.avif", 70, 66),
        ("grid.heic", 150, 100), ("phone.heic", 150, 100),
        ("../../e2e/fixtures/parrots.jpg", 192, 144), ("../../e2e/fixtures/plane.jpg", 201, 129),
        ("../../e2e/fixtures/hats.png", 128, 160),
    ]

    private func bytes(_ name: String) throws -> [UInt8] {
        Array(
            try Data(
                contentsOf: Self.tests.appending(path: "ImagingTests/Fixtures/\(name)").standardized
            )
        )
    }

    private func read(_ pieces: [[UInt8]]) -> ImageHeaderReader {
        var reader = ImageHeaderReader()
        for piece in pieces { reader.receive(piece) }
        return reader
    }

    @Test(arguments: files)
    func `The size is what other programs read, however the file is cut into pieces`(
        file: (name: String, width: Int, height: Int)
    ) throws {
        let file = (
            bytes: try bytes(file.name),
            size: ImageHeaderReader.Size(width: file.width, height: file.height)
        )
        #expect(read([file.bytes]).size == file.size)
        #expect(read(file.bytes.map { [$0] }).size == file.size)
        for length in [2, 3, 5, 7, 64, 1000] {
            let pieces = stride(from: 0, to: file.bytes.count, by: length).map { start in
                Array(file.bytes[start..<min(start + length, file.bytes.count)])
            }
            #expect(read(pieces).size == file.size)
        }
    }

    @Test(arguments: files)
    func `A header that is cut short has no size, and never a wrong one`(
        file: (name: String, width: Int, height: Int)
    ) throws {
        let whole = try bytes(file.name)
        let size = ImageHeaderReader.Size(width: file.width, height: file.height)
        var known = false
        for length in 0..<min(whole.count, 4096) {
            let found = read([Array(whole[..<length])]).size
            #expect(found == nil || found == size)
            #expect(found != nil || !known, "what is known stays known")
            known = found != nil
        }
    }

    // MARK: - Built by hand from ITU-T T.81

    private let start: [UInt8] = [0xFF, 0xD8]

    private func segment(_ code: UInt8, _ content: [UInt8]) -> [UInt8] {
        [0xFF, code, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 255)] + content
    }

    private func frame(_ code: UInt8, width: UInt16, height: UInt16) -> [UInt8] {
        segment(
            code,
            [
                8, UInt8(height >> 8), UInt8(height & 255), UInt8(width >> 8), UInt8(width & 255),
                1, 1, 17, 0,
            ]
        )
    }

    @Test
    func
        `A frame is found behind long segments, fill bytes and a thumbnail that has a frame of its own`()
    {
        let thumbnail = start + frame(0xC0, width: 160, height: 120) + [0xFF, 0xD9]
        let exif = segment(0xE1, Array("Exif\0\0".utf8) + thumbnail)
        let long = segment(0xE2, Array(repeating: 0xFF, count: 65_533))
        let file =
            start + exif + long + [0xFF, 0xFF, 0xFF]
            + frame(0xC2, width: 6000, height: 4000).dropFirst()
        #expect(read([file]).size == ImageHeaderReader.Size(width: 6000, height: 4000))
    }

    @Test func `Every kind of frame counts, and tables do not`() {
        for code in UInt8(0xC0)...0xCF {
            let isTable = [0xC4, 0xC8, 0xCC].contains(code)
            let file = start + frame(code, width: 5, height: 6) + frame(0xC0, width: 7, height: 8)
            let expected = ImageHeaderReader.Size(width: isTable ? 7 : 5, height: isTable ? 8 : 6)
            #expect(read([file]).size == expected)
        }
    }

    @Test func `What has no usable frame has no size, and is given up at once`() {
        let files: [[UInt8]] = [
            start + [0xFF, 0xD9], start + [0xFF, 0xDA], start + frame(0xC0, width: 5, height: 0),
            start + frame(0xC0, width: 0, height: 5), start + [0xFF, 0xE0, 0, 1],
            Array("GIF89a".utf8), [0, 1, 2],
            [0x89, 0x50, 0x4E, 0x48], Array("RIFX".utf8),
            Array("RIFF\0\0\0\0WEBPVP8 ".utf8) + [UInt8](repeating: 0, count: 14),
            Array("RIFF\0\0\0\0WAVEfmt ".utf8) + [UInt8](repeating: 0, count: 14),
            Array("\0\0\0\u{10}moov".utf8),
            // A box shorter than its header, one without an end, and properties that end within a
            // box.
            box("ftyp", []) + [0, 0, 0, 7] + Array("meta".utf8),
            box("ftyp", []) + [0, 0, 0, 0] + Array("mdat".utf8),
            box("ftyp", []) + box("ipco", [0, 0, 0, 20] + Array("ispe".utf8) + [0])
                + [UInt8](repeating: 0, count: 20),
        ]
        for file in files {
            let reader = read([file])
            #expect(reader.size == nil && reader.isFinished, "\(file)")
        }
    }

    @Test
    func `A PNG that begins with another chunk or has an impossible side has no size`() throws {
        var png = try bytes("small.png")
        #expect(read([png]).size != nil)
        png[12] = UInt8(ascii: "j")
        #expect(read([png]).size == nil)
        png = try bytes("small.png")
        png[16] = 0x80
        #expect(read([png]).size == nil)
        png.replaceSubrange(16..<20, with: [0, 0, 0, 0])
        #expect(read([png]).size == nil)
    }

    private func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let count = content.count + 8
        return [
            UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255),
            UInt8(count & 255),
        ]
            + Array(type.utf8)
            + content
    }

    @Test
    func
        `The largest of the sizes in a HEIC counts, wherever its properties lie and however long its boxes say they are`()
    {
        func size(_ width: UInt16, _ height: UInt16) -> [UInt8] {
            box(
                "ispe",
                [
                    0, 0, 0, 0, 0, 0, UInt8(width >> 8), UInt8(width & 255), 0, 0,
                    UInt8(height >> 8),
                    UInt8(height & 255),
                ]
            )
        }
        let properties = box(
            "iprp",
            box("ipco", size(512, 512) + box("free", []) + size(8064, 6048) + size(320, 240))
        )
        let meta = box("meta", [0, 0, 0, 0] + box("hdlr", [1, 2, 3]) + properties)
        // A 64-bit length; a size outside the properties is ignored.
        let data =
            [0, 0, 0, 1] + Array("mdat".utf8) + [0, 0, 0, 0, 0, 0, 0, 46] + [9, 9]
            + size(9999, 9999) + [
                9, 9, 9, 9, 9, 9, 9, 9,
            ]
        let expected = ImageHeaderReader.Size(width: 8064, height: 6048)
        #expect(read([box("ftyp", Array("heic".utf8)) + data + meta]).size == expected)
        #expect(read((box("ftyp", Array("avif".utf8)) + meta + data).map { [$0] }).size == expected)
    }

    @Test(arguments: [false, true], [false, true])
    func
        `The size of the item counts that a HEIC names as its picture, even if another one is larger`(
            numbersAreWide: Bool,
            placesAreWide: Bool
        )
    {
        func number(_ value: Int) -> [UInt8] {
            numbersAreWide ? [0, 0, 0, UInt8(value)] : [0, UInt8(value)]
        }
        func places(_ values: [UInt8]) -> [UInt8] {
            [UInt8(values.count)] + values.flatMap { placesAreWide ? [0x80, $0] : [0x80 | $0] }
        }
        func size(_ side: UInt8) -> [UInt8] {
            box("ispe", [0, 0, 0, 0, 0, 0, 1, side, 0, 0, 0, side])
        }
        let version: [UInt8] = [numbersAreWide ? 1 : 0, 0, 0]
        let first = box(
            "ipma",
            version + [placesAreWide ? 1 : 0, 0, 0, 0, 1] + number(4) + places([3])
        )
        let items =
            number(5) + places([]) + number(6) + places([1, 4]) + number(7) + places([2, 3])
        let second = box("ipma", version + [placesAreWide ? 1 : 0, 0, 0, 0, 3] + items)
        // The last property is empty.
        let container = box(
            "ipco",
            size(200) + box("irot", [1]) + size(40) + size(90) + box("free", [])
        )
        let properties = box("iprp", container + first + second)
        func sides(primary: Int, behind: Bool = false) -> [Int?] {
            let head = box("pitm", version + [0] + number(primary))
            let meta = box("meta", [0, 0, 0, 0] + (behind ? properties + head : head + properties))
            let file = box("ftyp", Array("heic".utf8)) + meta + box("mdat", [1, 2, 3])
            let (whole, cut) = (read([file]), read(file.map { [$0] }))
            #expect(whole.size == cut.size && whole.isFinished && cut.isFinished)
            return [whole.size?.width, whole.size?.height]
        }
        #expect(sides(primary: 7) == [256 + 40, 40])
        #expect(sides(primary: 6) == [256 + 90, 90])
        #expect(sides(primary: 4) == [256 + 40, 40])
        // Without an associated size, the largest one counts.
        #expect(sides(primary: 5) == [256 + 200, 200])
        #expect(sides(primary: 9) == [256 + 200, 200])
        #expect(sides(primary: 7, behind: true) == [256 + 200, 200])
    }

    /// On any input, the reader terminates, keeps next to nothing and does not trap.
    @Test func `Random bytes behind a signature do no harm`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let signatures: [[UInt8]] = [
                start, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
                Array("RIFF1234WEBPVP8X".utf8),
                box("ftyp", []) + [0, 0, 1, 0] + Array("meta".utf8) + [0, 0, 0, 0],
                box("ftyp", []) + [0, 0, 1, 0] + Array("ipco".utf8) + [0, 0, 0, 20]
                    + Array("ispe".utf8),
            ]
            let signature = signatures.randomElement() ?? start
            let noise = (0..<Int.random(in: 0...300)).map { _ in
                Bool.random() ? 0xFF : UInt8.random(in: 0...255, using: &random)
            }
            let whole = read([signature + noise])
            let cut = read((signature + noise).map { [$0] })
            #expect(whole.size == cut.size && whole.isFinished == cut.isFinished)
        }
    }
}
