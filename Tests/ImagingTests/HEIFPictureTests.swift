import Testing

@testable import Imaging

@Suite("What of a HEIC makes up its picture")
struct HEIFPictureTests {
    /// The samples of `grid.heic`, assembled from tiles that `heif-convert` decoded one by one.
    private let samples = Result { try Fixture.bytes("grid.heic.raw") }

    private func expectGrid(_ file: HEIFFile, _ comment: Comment? = nil) throws {
        let photo = try PhotoDecoder.decode(file.bytes)
        #expect((photo.width, photo.height) == (150, 100), comment)
        #expect(photo.samples == (try samples.get()), comment)
    }

    private func failure(_ file: HEIFFile) -> ImagingError? {
        #expect(throws: ImagingError.self) { try PhotoDecoder.decode(file.bytes) }
    }

    // MARK: - Pictures from phones

    /// A picture as written by iPhones since iOS 18, followed by a video and a marker.
    @Test("A gain map, depth and a matte of both the picture and a tone-mapped one change nothing")
    func phone() throws {
        let bytes = try Fixture.bytes("phone.heic")
        let photo = try PhotoDecoder.decode(bytes)
        #expect(
            (photo.width, photo.height) == (100, 150) && photo.layout == .rgb
                && photo.depth == .eight
        )
        #expect(photo.samples == (try Fixture.bytes("phone.heic.raw")))
        #expect(photo.iccProfile == nil)
        #expect(photo.metadata.exif.map(Orientation.init(exif:)) == .rotate90Clockwise)
        #expect(photo.metadata.xmp == Array("<x:xmpmeta xmlns:x='adobe:ns:meta/'/>".utf8))
    }

    @Test("A decoder gets the tiles and the grid of it, and nothing else")
    func onlyThePicture() throws {
        let bytes = try Fixture.bytes("phone.heic")
        let picture = try HEIFPicture(bytes, limits: ImageLimits())
        #expect(picture.images.map(\.number) == [7, 1, 2, 3, 4, 5, 6] && picture.alpha == nil)
        let file = try picture.file(of: bytes)
        let rebuilt = try HEIFContainer(file)
        #expect(rebuilt.primary == 1 && rebuilt.items.count == 7)
        #expect(
            rebuilt.items.values.map(\.type).sorted() == ["grid"]
                + Array(repeating: "hvc1", count: 6)
        )
        let text = String(decoding: file, as: UTF8.self)
        for word in [
            "tmap", "auxC", "auxl", "thmb", "cdsc", "Exif", "mpvd", "moov", "MotionPhoto", "clli",
            "altr", "urn:",
        ] {
            #expect(!text.contains(word), "\(word)")
        }
        #expect(file.count < bytes.count)
    }

    @Test(
        "Bytes behind the last box are nobody's",
        arguments: [
            [0, 0, 0, 2, 1, 2, 3, 4, 5], [0xFF], Array("SEFT".utf8),
            [UInt8](repeating: 0, count: 40),
            HEIFFile.box("ftyp", Array("mp42".utf8) + [0, 0, 0, 0])
                + HEIFFile.box("meta", [1, 2, 3]),
        ]
    )
    func tails(tail: [UInt8]) throws {
        var file = try HEIFFile.grid()
        file.tail = tail
        try expectGrid(file)
    }

    // MARK: - Location tables

    @Test("Items are found however their places are told", arguments: [0, 1, 2], [4, 8])
    func places(version: Int, length: Int) throws {
        for (usesBase, splits, isWide) in [
            (false, false, false), (true, false, false), (true, true, true),
        ] {
            var file = try HEIFFile.grid()
            (file.placesVersion, file.offsetLength) = (version, length)
            (file.usesBase, file.splits) = (usesBase, splits)
            file.isWide = isWide && version == 2
            // Before that version, items are always in the file.
            if version == 0 { try file.change(7) { $0.method = 0 } }
            if file.isWide {
                for index in file.items.indices { file.items[index].number += 100_000 }
                file.references = [("dimg", 100_007, (100_001...100_006).map { $0 })]
                file.primary = 100_007
            }
            try expectGrid(file, "\(usesBase) \(splits) \(isWide)")
        }
    }

    @Test("An item may lie in another one")
    func itemInItem() throws {
        for version in [1, 2] {
            var file = try HEIFFile.grid()
            file.placesVersion = version
            let first = try #require(file.items.first)
            let other = file.add("data", [1, 2, 3] + first.data + [4])
            try file.change(1) {
                $0.method = 2
                $0.extents = [(3, 10), (13, first.data.count - 10)]
            }
            file.references.append(("iloc", 1, [other]))
            try expectGrid(file)
            // Beyond its end there is nothing.
            try file.change(1) { $0.extents = [(5, first.data.count)] }
            #expect(failure(file)?.code == .truncated)
            // An item cannot contain itself.
            file.references[file.references.count - 1] = ("iloc", 1, [1])
            #expect(failure(file)?.code == .corrupt)
        }
    }

    @Test("Bytes beyond the end, in other files or on each other are errors")
    func wrongPlaces() throws {
        var file = try HEIFFile.grid()
        try file.change(3) { $0.method = 4 }
        #expect(failure(file)?.code == .unsupported)
        for (flags, isOwn) in [(1, true), (0, false)] {
            file = try HEIFFile.grid()
            file.source = 1
            let elsewhere = failure(file)
            #expect(
                elsewhere?.code == .unsupported
                    && elsewhere?.detail.contains("another file") == true
            )
            let entry = HEIFFile.full("url ", 0, [], flags: flags)
            file.sources = HEIFFile.box(
                "dinf",
                HEIFFile.full("dref", 0, HEIFFile.number(1, 4) + entry)
            )
            if isOwn { try expectGrid(file) } else { #expect(failure(file)?.code == .unsupported) }
        }
        file = try HEIFFile.grid()
        file.items.removeAll { $0.number == 4 }
        #expect(failure(file)?.code == .corrupt)
        let bytes = try HEIFFile.grid().bytes
        let cut = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(Array(bytes.dropLast(100)))
        }
        #expect(cut?.code == .truncated)
        // Identical tiles may share their bytes in the file; partial overlap is invalid.
        file = try HEIFFile.grid()
        file.references = [("dimg", 7, [1, 1, 1, 1, 1, 1])]
        #expect((try PhotoDecoder.decode(file.bytes)).width == 150)
        file = try HEIFFile.grid()
        let all = file.add("data", file.items.flatMap(\.data))
        let count = file.items.last?.data.count ?? 0
        for number in 1...6 {
            try file.change(number) {
                $0.method = 2
                $0.extents = [(number, count - 10)]
            }
            file.references.append(("iloc", number, [all]))
        }
        #expect(failure(file)?.code == .corrupt)
    }

    // MARK: - Unsupported kinds

    @Test(
        "What no decoder here can read is not called damaged",
        arguments: ["unci", "vvc1", "j2k1", "jpeg", "avc1", "evc1", "tmap", "lhv1", "xyz!"]
    )
    func kinds(type: String) throws {
        var file = try HEIFFile.grid()
        try file.change(7) { $0.type = type }
        let whole = failure(file)
        #expect(whole?.code == .unsupported && whole?.detail.contains("send it as JPEG") == true)
        #expect(whole?.detail.contains(type) == (type != "xyz!"))
        file = try HEIFFile.grid()
        try file.change(5) { $0.type = type }
        #expect(failure(file)?.code == .unsupported)
        // It may exist beside the picture.
        file = try HEIFFile.grid()
        _ = file.add(type, [1, 2, 3])
        try expectGrid(file)
    }

    @Test(
        "A property that must be known and is not is refused by name, and one that only describes is left out"
    )
    func essentialProperties() throws {
        for (type, content, isRefused) in [
            ("cust", [UInt8](repeating: 1, count: 5), true),
            ("iscl", [0, 0, 0, 0, 0, 1, 0, 2, 0, 1, 0, 2], true),
            ("lsel", [0, 1], true), ("lsel", [0xFF, 0xFF], false), ("a1op", [1], true),
            ("a1op", [0], false),
            ("clli", [0, 1, 0, 1], false), ("amve", [0, 0, 0, 1, 0, 1, 0, 1], false),
        ] {
            for number in [7, 2] {
                var file = try HEIFFile.grid()
                let place = file.add(property: type, content)
                try file.change(number) { $0.properties.append(0x8000 | place) }
                if isRefused {
                    #expect(failure(file)?.code == .unsupported, "\(type)")
                } else {
                    try expectGrid(file, "\(type)")
                }
            }
        }
        // A reader that does not know a nonessential property may show the picture without it.
        var file = try HEIFFile.grid()
        let place = file.add(property: "cust", [1, 2])
        try file.change(7) { $0.properties.append(place) }
        try expectGrid(file)
    }

    @Test("Encrypted items are refused by name")
    func encryption() throws {
        var file = try HEIFFile.grid()
        try file.change(2) { $0.protection = 1 }
        let error = failure(file)
        #expect(error?.code == .unsupported && error?.detail.contains("encrypted") == true)
    }

    // MARK: - Transparency

    private func alphaFile() throws -> (file: HEIFFile, alpha: Int) {
        var file = try HEIFFile.grid()
        let name = file.add(
            property: "auxC",
            [0, 0, 0, 0] + Array("urn:mpeg:hevc:2015:auxid:1".utf8) + [0]
        )
        let alpha = file.add(
            "grid",
            HEIFFile.canvas(2, 3, 150, 100),
            properties: [3, 0x8000 | name],
            method: 1
        )
        file.references += [("dimg", alpha, [6, 5, 4, 3, 2, 1]), ("auxl", alpha, [7])]
        return (file, alpha)
    }

    @Test("Transparency counts, for whatever else it stands too")
    func alpha() throws {
        var (file, alpha) = try alphaFile()
        let tone = file.add("tmap", [0], properties: [3])
        file.references[2] = ("auxl", alpha, [7, tone])
        let photo = try PhotoDecoder.decode(file.bytes)
        #expect(photo.layout == .rgba && (photo.width, photo.height) == (150, 100))
        let colors = photo.samples.enumerated().filter { $0.offset % 4 != 3 }.map(\.element)
        #expect(colors == (try samples.get()))
        #expect(
            Set(photo.samples.enumerated().filter { $0.offset % 4 == 3 }.map(\.element)).count > 16
        )
    }

    @Test(
        "Transparency of another size, of parts, or with colours multiplied by it is refused by name"
    )
    func wrongAlpha() throws {
        var (file, alpha) = try alphaFile()
        let tile = file.items[0].data
        try file.change(alpha) {
            $0.type = "hvc1"
            $0.data = tile
            $0.method = 0
            $0.properties = [0x8001, 2, $0.properties[1]]
        }
        #expect(failure(file)?.code == .unsupported)
        (file, alpha) = try alphaFile()
        let turn = file.add(property: "irot", [2])
        try file.change(7) { $0.properties.append(turn | 0x8000) }
        #expect(failure(file)?.code == .unsupported)
        try file.change(alpha) { $0.properties.append(turn | 0x8000) }
        #expect((try PhotoDecoder.decode(file.bytes)).layout == .rgba)
        (file, alpha) = try alphaFile()
        file.references[2] = ("auxl", alpha, [2])
        #expect(failure(file)?.code == .unsupported)
        (file, alpha) = try alphaFile()
        file.references.append(("prem", 7, [alpha]))
        let error = failure(file)
        #expect(error?.code == .unsupported && error?.detail.contains("multiplied") == true)
    }

    // MARK: - Hostile files

    @Test("Parts that are parts of themselves are an error, and so are too many")
    func loops() throws {
        var file = try HEIFFile.grid()
        file.references = [("dimg", 7, [1, 2, 3, 4, 5, 7])]
        #expect(failure(file)?.code == .corrupt)
        // Two that refer to each other.
        file = try HEIFFile.grid()
        let first = file.add("iden", properties: [2]), second = file.add("iden", properties: [2])
        file.references = [
            ("dimg", 7, [1, 2, 3, 4, 5, first]), ("dimg", first, [second]),
            ("dimg", second, [first]),
        ]
        #expect(failure(file)?.code == .corrupt)
        // Each of a few levels refers to the next many times.
        file = HEIFFile()
        file.properties = [("ispe", HEIFFile.size(8, 8))]
        file.primary = 1
        let layers = [UInt8](repeating: 0, count: 10) + [0, 8, 0, 8]
        for number in 1...7 {
            file.items.append(.init(number: number, type: "iovl", data: layers, properties: [1]))
        }
        for number in 1..<7 {
            file.references.append(("dimg", number, [Int](repeating: number + 1, count: 60_000)))
        }
        #expect(failure(file) != nil)
    }

    @Test("The pixels of all parts together are bounded")
    func work() throws {
        var file = try HEIFFile.grid()
        var limits = ImageLimits()
        limits.maxPixels = 15_000
        #expect((try PhotoDecoder.decode(file.bytes, limits: limits)).width == 150)
        try file.change(7) { $0.data = HEIFFile.canvas(4, 4, 150, 100) }
        file.references = [("dimg", 7, (0..<16).map { $0 % 6 + 1 })]
        let error = #expect(throws: ImagingError.self) {
            try PhotoDecoder.decode(file.bytes, limits: limits)
        }
        #expect(error?.code == .tooLarge && error?.detail.contains("60000 pixels together") == true)
    }

    @Test("Tiles that do not cover the picture are refused before anything is decoded")
    func uncovered() throws {
        for (rows, columns, tiles) in [(1, 3, 3), (2, 2, 4), (2, 3, 5)] {
            var file = try HEIFFile.grid()
            try file.change(7) { $0.data = HEIFFile.canvas(rows, columns, 150, 100) }
            file.references = [("dimg", 7, Array(1...tiles))]
            #expect(failure(file)?.code == .corrupt)
        }
        // Streams smaller than their properties say would leave memory uninitialised.
        var file = try HEIFFile.grid()
        file.properties[1].content = HEIFFile.size(80, 64)
        let error = failure(file)
        #expect(
            error?.code == .corrupt && error?.detail.contains("not as large as it says") == true
        )
        // A quarter turn swaps a tile's sides.
        file = try HEIFFile.grid()
        let turn = file.add(property: "irot", [1])
        for number in 1...6 { try file.change(number) { $0.properties.append(turn | 0x8000) } }
        #expect((try PhotoDecoder.decode(file.bytes)).width == 150)
    }

    @Test("Tables that state huge counts or name an item twice are refused")
    func tables() throws {
        let bytes = try HEIFFile.grid().bytes
        for (box, offset, count, value) in [
            ("iloc", 10, 2, 0xFFFF), ("ipma", 8, 4, 0xFFFF_FFFF), ("iloc", 12, 2, 2),
        ] {
            let place = try #require(bytes.indices.first { bytes[$0...].starts(with: box.utf8) })
            var damaged = bytes
            damaged.replaceSubrange(
                place + offset..<place + offset + count,
                with: HEIFFile.number(value, count)
            )
            let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(damaged) }
            #expect(error?.code == .corrupt || error?.code == .tooLarge)
        }
        var file = try HEIFFile.grid()
        file.items.append(file.items[2])
        #expect(failure(file)?.code == .corrupt)
        file = try HEIFFile.grid()
        file.properties += Array(repeating: ("free", []), count: HEIFBoxes.maxCount)
        #expect(failure(file)?.code == .tooLarge)
    }

    /// Thousands of files with damage anywhere in their tables, from a fixed seed.
    @Test(
        "Whatever is damaged, the file for a decoder is sound, small, and the same when it is rebuilt again"
    )
    func mutations() throws {
        var random = Generator(state: 20_261_128)
        let sources = [
            try Fixture.bytes("phone.heic"), try Fixture.bytes("grid.heic"),
            try Fixture.bytes("alpha.avif"),
            try Fixture.bytes("turned.heic"), try alphaFile().file.bytes,
        ]
        var rebuilt = 0
        for round in 0..<4000 {
            let source = sources[round % sources.count]
            let end =
                source.indices.first { source[$0...].starts(with: "mdat".utf8) } ?? source.count
            var bytes = source
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<min(end + 8, bytes.count), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1:
                    bytes[place] =
                        [0, 1, 2, 7, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                case 2:
                    bytes.removeSubrange(
                        place..<min(place + Int.random(in: 1...9, using: &random), bytes.count)
                    )
                case 3:
                    bytes.insert(contentsOf: bytes[place..<min(place + 12, bytes.count)], at: place)
                default:
                    let other = Int.random(in: 0..<max(1, end - 4), using: &random)
                    for index in 0..<4 where max(place, other) + index < bytes.count {
                        bytes[place + index] = source[other + index]
                    }
                }
            }
            do throws(ImagingError) {
                let file = try HEIFPicture(bytes, limits: ImageLimits()).file(of: bytes)
                rebuilt += 1
                #expect(file.count <= 3 * bytes.count + 1024, "round \(round)")
                #expect(
                    try HEIFPicture(file, limits: ImageLimits()).file(of: file) == file,
                    "round \(round)"
                )
            } catch {
                #expect(!error.detail.isEmpty)
            }
        }
        #expect(rebuilt > 400 && rebuilt < 4000)
    }

    /// SplitMix64: the same sequence everywhere.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value >> 31
        }
    }
}
