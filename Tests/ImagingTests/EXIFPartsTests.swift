import Testing

@testable import Imaging

@Suite("Parts of EXIF that show or describe what is gone")
struct EXIFPartsTests {
    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }

    private static func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
        number(tag, 2) + number(type, 2) + number(count, 4) + number(value, 4)
    }

    private static func directory(_ entries: [[UInt8]]) -> [UInt8] {
        number(entries.count, 2) + entries.flatMap(\.self) + number(0, 4)
    }

    /// Builds EXIF with XMP and Photoshop resources in its first directory, a maker note and a
    /// comment in the second, and more after it.
    private static func exif(
        note: [UInt8],
        comment: String = "plain",
        xmp: String = "<x/>",
        resources: [UInt8] = [1, 2, 3, 4, 5]
    ) -> [UInt8] {
        let first = 8 + 2 + 5 * 12 + 4
        let second = first + 2 + 2 * 12 + 4
        var places: [Int] = []
        var values: [UInt8] = []
        for value in [
            Array(xmp.utf8), resources, note, Array("ASCII\0\0\0".utf8) + Array(comment.utf8),
        ] {
            places.append(second + values.count)
            values += value + [UInt8](repeating: 0, count: value.count % 2)
        }
        var file: [UInt8] = Array("MM".utf8) + number(42, 2) + number(8, 4)
        file += directory([
            entry(0x0112, 3, 1, 1 << 16), entry(0x02BC, 1, xmp.utf8.count, places[0]),
            entry(0x0132, 2, 2, 0x4100_0000),
            entry(0x8649, 7, resources.count, places[1]), entry(0x8769, 4, 1, first),
        ])
        file += directory([
            entry(0x927C, 7, note.count, places[2]),
            entry(0x9286, 7, comment.utf8.count + 8, places[3]),
        ])
        return file + values
    }

    private static func tags(_ exif: [UInt8]) throws -> (first: [Int]?, second: [Int]?) {
        let tiff = try #require(TIFFStructure(exif))
        let second = tiff.entries(at: 8)?.first { $0.tag == 0x8769 }.flatMap(tiff.number)
        return (tiff.entries(at: 8)?.map(\.tag), second.flatMap(tiff.entries(at:))?.map(\.tag))
    }

    @Test("XMP and resources of Photoshop go, and the rest stays")
    func containers() throws {
        let exif = Self.exif(note: Array("Camera works".utf8), xmp: "<secret/>")
        let kept = PhotoMetadata(exif: exif).upright(width: 9, height: 8)
        let bytes = try #require(kept.exif)
        let tags = try Self.tags(bytes)
        #expect(tags.first == [0x0112, 0x0132, 0x8769] && tags.second == [0x927C, 0x9286])
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("secret") && text.contains("Camera works") && text.contains("plain"))
        #expect(bytes.count == exif.count && kept.omissions.isEmpty)
    }

    @Test("A maker's note with a picture of any kind goes, and so does one that nobody can read")
    func notes() throws {
        for note in [
            Array("Maker".utf8) + [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A],
            Array("Maker\0\0\0\u{18}ftypheic".utf8), Array("Maker /9j/4AAQSkZJRgABAQAAAQ".utf8),
            Array("HDRP\u{2}abcdefgh".utf8),
        ] {
            let kept = PhotoMetadata(exif: Self.exif(note: note)).upright(width: 9, height: 8)
            let bytes = try #require(kept.exif)
            #expect(try Self.tags(bytes).second == [0x9286])
            #expect(!bytes.indices.contains { bytes[$0...].starts(with: note) })
        }
    }

    @Test("A picture where nobody expects one takes all along, and that is said")
    func strayPictures() {
        for comment in ["/9j/4AAQSkZJRgABAQAAAQABAAD", "ffd8ffe000104a464946000101"] {
            let kept = PhotoMetadata(exif: Self.exif(note: [1, 2, 3, 4, 5], comment: comment))
                .upright(
                    width: 9,
                    height: 8
                )
            #expect(kept.exif == nil && kept.omissions == [Omission(.exif, .holdsPicture)])
        }
    }

    /// Builds an iPhone's note with a version, the identifier shared with a video, a rational
    /// headroom and a number.
    private static func appleNote() -> [UInt8] {
        let entries = [
            entry(0x0001, 9, 1, 15), entry(0x0011, 2, 6, 68), entry(0x0021, 10, 1, 74),
            entry(0x0025, 9, 1, 77),
        ]
        let head: [UInt8] = Array("Apple iOS\0\0\u{1}MM".utf8)
        return head + directory(entries) + Array("shared".utf8) + [0, 0, 0, 3, 0, 0, 0, 7]
    }

    @Test("An iPhone's note loses what it says of film and gain map")
    func apple() throws {
        let note = Self.appleNote()
        let exif = Self.exif(note: note)
        let kept = try #require(PhotoMetadata(exif: exif).upright(width: 9, height: 8).exif)
        let start = try #require(kept.indices.first { kept[$0...].starts(with: "Apple iOS".utf8) })
        let corrected = Array(kept[start..<start + note.count])
        var expected: [UInt8] = Array("Apple iOS\0\0\u{1}MM".utf8)
        expected += Self.directory([Self.entry(1, 9, 1, 15), Self.entry(0x25, 9, 1, 77)])
        expected += [UInt8](repeating: 0, count: 24 + 14)
        #expect(corrected == expected)
    }

    @Test("Damage to an iPhone's note does not trap")
    func damagedNote() {
        let note = Self.appleNote()
        for index in note.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var damaged = note
                damaged[index] = value
                let kept = PhotoMetadata(exif: Self.exif(note: damaged)).upright(
                    width: 1,
                    height: 1
                )
                #expect(kept.exif?.count == Self.exif(note: damaged).count)
            }
            _ = PhotoMetadata(exif: Self.exif(note: Array(note.prefix(index)))).upright(
                width: 1,
                height: 1
            )
        }
    }
}
