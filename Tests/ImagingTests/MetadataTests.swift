import Testing

@testable import Imaging

@Suite("What is kept of EXIF and XMP")
struct MetadataTests {
    /// Builds EXIF of either byte order: a make, an artist, orientation 6, a copyright, then a
    /// directory with a thumbnail.
    private static func exif(isBigEndian: Bool = true) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isBigEndian ? bytes.reversed() : bytes
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, 4) + value
                + [UInt8](repeating: 0, count: 4 - value.count)
        }
        let first =
            entry(0x010F, 2, 5, number(92, 4)) + entry(0x0112, 3, 1, number(6, 2))
            + entry(0x013B, 2, 3, Array("Zo\0".utf8))
            + entry(0x8298, 2, 8, number(98, 4))
        let second = entry(0x0201, 4, 1, number(106, 4)) + entry(0x0202, 4, 1, number(4, 4))
        return Array((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4) + number(4, 2)
            + first
            + number(62, 4) + number(2, 2) + second + number(0, 4) + Array("Make\0\0".utf8)
            + Array("(c) Zo.\0".utf8)
            + [0xFF, 0xD8, 0xFF, 0xD9]
    }

    @Test("The whole of EXIF becomes upright and loses its thumbnail", arguments: [true, false])
    func uprightEXIF(isBigEndian: Bool) throws {
        let exif = Self.exif(isBigEndian: isBigEndian)
        #expect(Orientation(exif: exif) == .rotate90Clockwise)
        let kept = try #require(PhotoMetadata(exif: exif).upright(width: 9, height: 8).exif)
        #expect(Orientation(exif: kept) == .asStored)
        // The thumbnail was at the end.
        #expect(kept.count == exif.count - 4)
        let tiff = try #require(TIFFStructure(kept))
        let link = try #require(tiff.link(behind: 8))
        #expect(tiff.long(at: link) == 0)
        #expect(tiff.entries(at: 8)?.first.flatMap(tiff.text).map(Array.init) == Array("Make".utf8))
    }

    /// Builds a structure with a preview reachable in every way: a later directory, strips in a
    /// subdirectory, a maker note.
    private static func previews(stray: [UInt8] = []) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, 4) + number(value, 4)
        }
        func directory(_ entries: [[UInt8]], next: Int) -> [UInt8] {
            number(entries.count, 2) + entries.flatMap(\.self) + number(next, 4)
        }
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xD9]
        // The first directory at 8..<50, EXIF at 50..<80, then the third of a chain, strips, and
        // their targets.
        let first = directory(
            [entry(0x0112, 3, 1, 1 << 16), entry(0x014A, 4, 1, 110), entry(0x8769, 4, 1, 50)],
            next: 80
        )
        let exif = directory([entry(0x927C, 7, 10, 200), entry(0xA002, 4, 1, 5)], next: 0)
        let second = directory([entry(0x0103, 3, 1, 0), entry(0x0104, 3, 1, 0)], next: 140)
        let sub = directory([entry(0x0111, 4, 2, 180), entry(0x0117, 3, 2, 4 << 16 | 4)], next: 0)
        let third = directory([entry(0x0201, 4, 1, 210), entry(0x0202, 4, 1, 4)], next: 0)
        let strips = number(188, 4) + number(192, 4)
        var file = Array("MM".utf8) + number(42, 2) + number(8, 4)
        for (start, part) in [
            (8, first), (50, exif), (80, second), (110, sub), (140, third), (180, strips),
            (188, jpeg + jpeg),
            (200, Array("Nikon\0".utf8) + jpeg), (210, jpeg + Array("end!".utf8) + stray),
        ] {
            file += [UInt8](repeating: 0, count: start - file.count) + part
        }
        return file
    }

    @Test("No preview is left, whatever leads to it, and the rest stays")
    func erasesPreviews() throws {
        let exif = Self.previews()
        let kept = try #require(PhotoMetadata(exif: exif).upright(width: 9, height: 8).exif)
        #expect(!kept.indices.dropLast(1).contains { kept[$0] == 0xFF && kept[$0 + 1] == 0xD8 })
        let tiff = try #require(TIFFStructure(kept))
        #expect(tiff.entries(at: 8)?.map(\.tag) == [0x0112, 0x8769])
        #expect(tiff.link(behind: 8).flatMap(tiff.long) == 0)
        #expect(tiff.entries(at: 50)?.map(\.tag) == [0xA002])
        #expect(tiff.entries(at: 50)?.first.flatMap(tiff.number) == 9)
        #expect(kept.suffix(4) == Array("end!".utf8)[...])
    }

    @Test(
        "A maker's note without a picture stays, and a picture that nothing leads to takes all with it"
    )
    func strayPreviews() throws {
        var exif = Self.previews()
        exif.replaceSubrange(206..<210, with: [1, 2, 3, 4])
        let kept = try #require(PhotoMetadata(exif: exif).upright(width: 9, height: 8).exif)
        #expect(TIFFStructure(kept)?.entries(at: 50)?.map(\.tag) == [0x927C, 0xA002])
        let stray = PhotoMetadata(exif: Self.previews(stray: [0xFF, 0xD8, 0xFF, 0xE0])).upright(
            width: 9,
            height: 8
        )
        #expect(stray.exif == nil && stray.omissions == [Omission(.exif, .holdsPicture)])
    }

    @Test("Damage to a structure with previews does not trap")
    func damagedPreviews() {
        let exif = Self.previews()
        for index in exif.indices {
            for value: UInt8 in [0, 1, 8, 50, 0x7F, 0x80, 0xFF] {
                var damaged = exif
                damaged[index] = value
                _ = PhotoMetadata(exif: damaged).upright(width: 70_000, height: 1)
            }
            _ = PhotoMetadata(exif: Array(exif.prefix(index))).upright(width: 1, height: 1)
        }
    }

    @Test("Of EXIF only the rights are kept, short texts and long ones", arguments: [true, false])
    func rightsOfEXIF(isBigEndian: Bool) throws {
        let kept = try #require(
            PhotoMetadata(exif: Self.exif(isBigEndian: isBigEndian)).rights.exif
        )
        let tiff = try #require(TIFFStructure(kept))
        let entries = try #require(tiff.entries(at: 8))
        #expect(entries.map(\.tag) == [0x013B, 0x8298])
        #expect(
            entries.compactMap(tiff.text).map(Array.init) == [
                Array("Zo".utf8), Array("(c) Zo.".utf8),
            ]
        )
        #expect(PhotoMetadata(exif: Array("MM\0*\0\0\0\u{8}\0\0\0\0\0\0".utf8)).rights.exif == nil)
    }

    @Test("Damaged EXIF is left out or kept, and never traps")
    func damagedEXIF() {
        let exif = Self.exif()
        for count in exif.indices {
            let metadata = PhotoMetadata(exif: Array(exif.prefix(count)))
            _ = (metadata.rights, metadata.upright(width: 1, height: 1))
        }
        for index in exif.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var damaged = exif
                damaged[index] = value
                let metadata = PhotoMetadata(exif: damaged)
                _ = (metadata.rights, metadata.upright(width: 70_000, height: 1))
            }
        }
        let nonsense = PhotoMetadata(exif: [1, 2, 3]).upright(width: 1, height: 1)
        #expect(nonsense.exif == nil && nonsense.omissions == [Omission(.exif, .notUnderstood)])
    }

    private static func kept(_ xmp: String) -> String? {
        PhotoMetadata(xmp: Array(xmp.utf8)).rights.xmp.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("Rights are found as elements, as lists and as attributes")
    func rightsOfXMP() throws {
        let kept = try #require(
            Self.kept(
                """
                <rdf:Description xmlns:dc="x" xmpRights:Marked="True"
                  photoshop:Credit='It&apos;s mine' photoshop:City="Vienna">
                <dc:creator><rdf:Seq><rdf:li>Zoë</rdf:li> <rdf:li> Tom &amp; Co </rdf:li></rdf:Seq></dc:creator>
                <dc:rights><rdf:Alt><rdf:li xml:lang="de">Alles</rdf:li><rdf:li>All</rdf:li></rdf:Alt></dc:rights>
                <xmpRights:WebStatement>https://example.org</xmpRights:WebStatement>
                <dc:creatorish>no</dc:creatorish></rdf:Description>
                """
            )
        )
        #expect(
            kept.contains(
                "<dc:creator><rdf:Seq><rdf:li>Zoë</rdf:li><rdf:li>Tom &amp; Co</rdf:li></rdf:Seq>"
            )
        )
        #expect(
            kept.contains(
                #"<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Alles</rdf:li></rdf:Alt>"#
            )
        )
        #expect(kept.contains("<xmpRights:Marked>True</xmpRights:Marked>"))
        #expect(
            kept.contains("<xmpRights:WebStatement>https://example.org</xmpRights:WebStatement>")
        )
        #expect(kept.contains("<photoshop:Credit>It&apos;s mine</photoshop:Credit>"))
        #expect(!kept.contains("Vienna") && !kept.contains("no"))
    }

    @Test(
        "What is no plain text is no value",
        arguments: [
            "<dc:rights><b>x</b></dc:rights>", "<dc:rights>&evil;</dc:rights>",
            "<dc:rights></dc:rights>",
            "<dc:rights/>",
            "<dc:rights>a", "<dc:rights", #"<a dc:rights="a"#, "<dc:rights>a\u{0}b</dc:rights>", "",
            "<dc:rightsx>a</dc:rights>",
        ]
    )
    func refusesOtherXMP(xmp: String) {
        #expect(Self.kept(xmp) == nil)
    }

    @Test("What a photo has is written and read again")
    func roundTrip() throws {
        var photo = ImageQualityTests.pattern(width: 6, height: 4, layout: .rgb)
        photo.metadata = PhotoMetadata(
            exif: Self.exif(isBigEndian: false),
            xmp: Array("<x:xmpmeta/> é".utf8)
        )
        let read = try PhotoDecoder.decode(try PNGEncoder.encode(photo))
        #expect(read.metadata == photo.metadata)
        // The picture is turned as its EXIF says.
        #expect((read.width, read.height) == (4, 6))
    }
}
