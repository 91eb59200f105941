import Testing

@testable import Imaging

@Suite("Colours, wherever a file tells them")
struct ColorTests {
    // MARK: - Material

    /// Builds EXIF of either byte order with a colour space and, in its own directory, an
    /// interoperability index.
    static func exif(colorSpace: Int?, rule: String?, isBigEndian: Bool = true) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return isBigEndian ? bytes.reversed() : bytes
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, 4) + value
                + [UInt8](repeating: 0, count: 4 - value.count)
        }
        // The first directory is at 8, the second at 26.
        var second: [[UInt8]] = []
        if let colorSpace { second.append(entry(0xA001, 3, 1, number(colorSpace, 2))) }
        let place = 26 + 2 + 12 * (second.count + 1) + 4
        if rule != nil { second.append(entry(0xA005, 4, 1, number(place, 4))) }
        var file = Array((isBigEndian ? "MM" : "II").utf8) + number(42, 2) + number(8, 4)
        file += number(1, 2)
        file += entry(0x8769, 4, 1, number(26, 4))
        file += number(0, 4)
        file += number(second.count, 2)
        file += second.flatMap(\.self)
        file += number(0, 4)
        guard let rule else { return file }
        file += [UInt8](repeating: 0, count: place - file.count)
        return file + number(1, 2) + entry(1, 2, 4, Array(rule.utf8) + [0]) + number(0, 4)
    }

    /// Returns a JPEG with additional segments before its own.
    static func jpeg(_ name: String, _ segments: [(UInt8, [UInt8])]) throws -> [UInt8] {
        let bytes = try Fixture.bytes(name)
        let more = segments.flatMap { number, content -> [UInt8] in
            let count = content.count + 2
            return [0xFF, 0xE0 + number, UInt8(count >> 8), UInt8(count & 255)] + content
        }
        return Array(bytes.prefix(2)) + more + Array(bytes.dropFirst(2))
    }

    private static func exifSegment(_ exif: [UInt8]) -> (UInt8, [UInt8]) {
        (1, Array("Exif\0\0".utf8) + exif)
    }

    private static func piece(
        _ number: UInt8,
        of total: UInt8,
        _ content: some Sequence<UInt8>
    ) -> (UInt8, [UInt8]) {
        (2, Array("ICC_PROFILE\0".utf8) + [number, total] + content)
    }

    /// Returns a PNG of one pixel with the value 1, 2, 3.
    private static func png(_ chunks: [(String, [UInt8])]) -> [UInt8] {
        var file = PNGFile(width: 1, height: 1)
        for (kind, data) in chunks { file.append(kind, data) }
        file.append("IDAT", [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 1, 2, 3, 0, 14, 0, 7])
        file.append("IEND", [])
        return file.bytes
    }

    /// Returns an iCCP chunk whose zlib stream stores the profile uncompressed.
    private static func iccp(_ profile: [UInt8]) -> (String, [UInt8]) {
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in profile {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        let count = UInt16(profile.count)
        func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        var stored: [UInt8] = [0x78, 1, 1] + little(count) + little(~count)
        stored += profile
        stored += PNGFile.bigEndian(high << 16 | low)
        return ("iCCP", Array("x\0\0".utf8) + stored)
    }

    private static func kinds(_ png: [UInt8]) -> [String] {
        var (kinds, offset): ([String], Int) = ([], 8)
        while offset < png.count {
            kinds.append(String(decoding: png[offset + 4..<offset + 8], as: UTF8.self))
            offset += 12 + png[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        return kinds
    }

    /// Returns the three numbers of an XYZ tag of a profile.
    private static func xyz(_ name: String, in profile: [UInt8]) -> [Double] {
        let count = profile[128..<132].reduce(0) { $0 << 8 | Int($1) }
        for entry in stride(from: 132, to: 132 + 12 * count, by: 12)
        where profile[entry..<entry + 4].elementsEqual(name.utf8) {
            let start = profile[entry + 4..<entry + 8].reduce(0) { $0 << 8 | Int($1) } + 8
            return stride(from: start, to: start + 12, by: 4).map { at in
                Double(Int32(bitPattern: profile[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }))
                    / 65_536
            }
        }
        return []
    }

    // MARK: - Adobe RGB

    @Test(
        "A JPEG that tells Adobe RGB by EXIF alone gets a profile that says so",
        arguments: [true, false]
    )
    func adobeRGB(isBigEndian: Bool) throws {
        let exif = Self.exif(colorSpace: 0xFFFF, rule: "R03", isBigEndian: isBigEndian)
        let photo = try PhotoDecoder.decode(
            try Self.jpeg("baseline_420.jpg", [Self.exifSegment(exif)])
        )
        let profile = try #require(photo.iccProfile)
        #expect(photo.hasColorsByEXIF && photo.colorOmissions.isEmpty)
        #expect(try ICCProfile(profile, for: .rgb).bytes == profile)
        // The colorants of Adobe's own profile.
        for (name, published) in [
            ("rXYZ", [0.60974, 0.31111, 0.01947]), ("gXYZ", [0.20528, 0.62567, 0.06087]),
            ("bXYZ", [0.14919, 0.06322, 0.74457]),
        ] {
            let numbers = Self.xyz(name, in: profile)
            #expect(
                numbers.count == 3 && zip(numbers, published).allSatisfy { abs($0 - $1) < 1e-4 },
                "\(numbers)"
            )
        }
        #expect(
            profile.indices.contains {
                profile[$0...].starts(with: Array("curv\0\0\0\0\0\0\0\u{1}".utf8) + [2, 0x33])
            }
        )
        // EXIF is written too, and the profile then states the colours.
        let written = try PhotoDecoder.decode(try PNGEncoder.encode(photo))
        #expect(written.iccProfile == profile && !written.hasColorsByEXIF)
    }

    @Test(
        "What EXIF tells of colours otherwise",
        arguments: [
            (0xFFFF, "R98", false), (0xFFFF, nil, false), (1, "R03", false), (1, nil, false),
            (nil, nil, false),
            (nil, "R03", true), (2, nil, true),
        ] as [(Int?, String?, Bool)]
    )
    func otherEXIF(colorSpace: Int?, rule: String?, isAdobe: Bool) throws {
        let exif = Self.exif(colorSpace: colorSpace, rule: rule)
        let photo = try PhotoDecoder.decode(
            try Self.jpeg("baseline_420.jpg", [Self.exifSegment(exif)])
        )
        #expect((photo.iccProfile == MatrixProfile.adobeRGB) == isAdobe)
        #expect((photo.iccProfile == nil) == !isAdobe)
    }

    @Test("Gray in Adobe RGB gets its exponent, and a profile counts for more than EXIF")
    func adobeOtherwise() throws {
        let exif = Self.exifSegment(Self.exif(colorSpace: 0xFFFF, rule: "R03"))
        let gray = try PhotoDecoder.decode(try Self.jpeg("gray.jpg", [exif]))
        #expect(gray.layout == .gray && gray.iccProfile == nil && gray.colorimetry?.gamma == 45_471)
        let own = Fixture.profile(500)
        let both = try PhotoDecoder.decode(
            try Self.jpeg("baseline_420.jpg", [exif, Self.piece(1, of: 1, own)])
        )
        #expect(both.iccProfile == own && !both.hasColorsByEXIF)
        // An unusable profile does not count.
        let bad = try PhotoDecoder.decode(
            try Self.jpeg("baseline_420.jpg", [exif, Self.piece(1, of: 1, own.dropLast(9))])
        )
        #expect(
            bad.iccProfile == MatrixProfile.adobeRGB
                && bad.colorOmissions == [Omission(.iccProfile, .damaged)]
        )
    }

    @Test("Damage to EXIF with colours does not trap")
    func damagedEXIF() {
        let exif = Self.exif(colorSpace: 0xFFFF, rule: "R03")
        for index in exif.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var damaged = exif
                damaged[index] = value
                _ = EXIFColorSpace(exif: damaged)
            }
            _ = EXIFColorSpace(exif: Array(exif.prefix(index)))
        }
        #expect(EXIFColorSpace(exif: exif) == .adobeRGB)
    }

    // MARK: - Code points

    @Test("Display P3 by a PNG's code points is kept, and a profile says the same")
    func codePointsOfPNG() throws {
        let photo = try PhotoDecoder.decode(
            Self.png([("cICP", [12, 13, 0, 1]), ("gAMA", [0, 0, 0xB1, 0x8F])])
        )
        let profile = try #require(photo.iccProfile)
        #expect(
            photo.codePoints == ColorCodePoints(primaries: 12, transfer: 13)
                && photo.colorimetry == nil
        )
        #expect(try ICCProfile(profile, for: .rgb).bytes == profile)
        // The colorants of Apple's profile "Display P3".
        for (name, published) in [
            ("rXYZ", [0.51512, 0.24120, -0.00105]), ("gXYZ", [0.29198, 0.69225, 0.04189]),
            ("bXYZ", [0.15710, 0.06657, 0.78407]),
        ] {
            let numbers = Self.xyz(name, in: profile)
            #expect(
                numbers.count == 3 && zip(numbers, published).allSatisfy { abs($0 - $1) < 2e-4 },
                "\(numbers)"
            )
        }
        let written = try PNGEncoder.encode(photo)
        #expect(Self.kinds(written) == ["IHDR", "cICP", "iCCP", "IDAT", "IEND"])
        #expect(written[41..<45].elementsEqual([12, 13, 0, 1]))
        #expect(try PhotoDecoder.decode(written) == photo)
    }

    @Test("Code points, a profile, sRGB, and exponent and chromaticities count in this order")
    func precedence() throws {
        let own = Fixture.profile(500)
        let (srgb, gamma): ((String, [UInt8]), (String, [UInt8])) = (
            ("sRGB", [0]), ("gAMA", [0, 0, 0xD9, 0x03])
        )
        // A file with both statements keeps both.
        let twice = try PhotoDecoder.decode(
            Self.png([("cICP", [12, 13, 0, 1]), Self.iccp(own), srgb, gamma])
        )
        #expect(
            twice.codePoints?.primaries == 12 && twice.iccProfile == own && twice.colorimetry == nil
        )
        let profile = try PhotoDecoder.decode(Self.png([Self.iccp(own), srgb, gamma]))
        #expect(
            profile.codePoints == nil && profile.iccProfile == own && profile.colorimetry == nil
        )
        let plain = try PhotoDecoder.decode(Self.png([srgb, gamma]))
        #expect(plain.codePoints == nil && plain.iccProfile == nil && plain.colorimetry == nil)
        #expect(try PhotoDecoder.decode(Self.png([gamma])).colorimetry?.gamma == 55_555)
        // The code points of sRGB are kept unchanged; unspecified ones do not count.
        let told = try PhotoDecoder.decode(Self.png([("cICP", [1, 13, 0, 1]), gamma]))
        #expect(told.codePoints == .sRGB && told.iccProfile == nil && told.colorimetry == nil)
        let untold = try PhotoDecoder.decode(Self.png([("cICP", [2, 2, 0, 1]), gamma]))
        #expect(
            untold.codePoints == nil && untold.colorimetry?.gamma == 55_555
                && untold.colorOmissions.isEmpty
        )
        // EXIF comes last.
        let exif = ("eXIf", Self.exif(colorSpace: 0xFFFF, rule: "R03"))
        #expect(try PhotoDecoder.decode(Self.png([srgb, exif])).iccProfile == nil)
        #expect(try PhotoDecoder.decode(Self.png([exif])).iccProfile == MatrixProfile.adobeRGB)
    }

    @Test("Wide colours of BT.2020 that are no HDR are kept, and so are the curves of television")
    func otherCodePoints() throws {
        let wide = try PhotoDecoder.decode(Self.png([("cICP", [9, 14, 0, 1])]))
        #expect(
            wide.codePoints == ColorCodePoints(primaries: 9, transfer: 14) && wide.iccProfile != nil
        )
        let television = try PhotoDecoder.decode(Self.png([("cICP", [1, 1, 0, 1])]))
        #expect(
            television.codePoints == ColorCodePoints(primaries: 1, transfer: 1)
                && television.iccProfile == nil
        )
        #expect(try PhotoDecoder.decode(Self.png([("cICP", [1, 8, 0, 1])])).iccProfile != nil)
    }

    @Test(
        "Damage to what a PNG says of its colours costs that alone",
        arguments: [
            ("cICP", [12, 13, 0], Omission(.codePoints, .damaged)),
            ("cICP", [12, 13, 9, 1], Omission(.codePoints, .damaged)),
            ("iCCP", [0x78, 0, 0, 1, 2, 3], Omission(.iccProfile, .damaged)),
            ("iCCP", [], Omission(.iccProfile, .damaged)),
            ("gAMA", [0, 0, 0, 0], Omission(.colorimetry, .damaged)),
            ("cHRM", [0, 0, 0x7A, 0x26], Omission(.colorimetry, .damaged)),
        ] as [(String, [UInt8], Omission)]
    )
    func damagedChunks(kind: String, content: [UInt8], omission: Omission) throws {
        let photo = try PhotoDecoder.decode(Self.png([(kind, content)]))
        #expect(photo.samples == [1, 2, 3] && photo.colorOmissions == [omission])
        #expect(Self.kinds(try PNGEncoder.encode(photo)) == ["IHDR", "IDAT", "IEND"])
    }

    @Test("A colour chunk that is there twice, or behind the pixels, does no harm")
    func misplacedChunks() throws {
        let own = Fixture.profile(500)
        let twice = try PhotoDecoder.decode(
            Self.png([Self.iccp(own), Self.iccp(Fixture.profile(600))])
        )
        #expect(twice.iccProfile == own)
        var file = PNGFile(width: 1, height: 1)
        file.append("IDAT", [0x78, 1, 1, 4, 0, 0xFB, 0xFF, 0, 1, 2, 3, 0, 14, 0, 7])
        file.append("gAMA", [0, 0, 0xD9, 0x03])
        file.append("IEND", [])
        let photo = try PhotoDecoder.decode(file.bytes)
        #expect(photo.samples == [1, 2, 3] && photo.colorimetry == nil)
    }

    // MARK: - HEIC and AVIF

    /// Returns a fixture whose colour box holds code points; leftovers of the profile box follow
    /// them and are ignored.
    private static func recolored(
        _ name: String,
        _ primaries: UInt8,
        _ transfer: UInt8
    ) throws -> [UInt8] {
        var bytes = try Fixture.bytes(name)
        let kind = name == "turned.heic" ? "colrprof" : "colrnclx"
        let place = try #require(
            bytes.indices.dropLast(20).first { bytes[$0...].starts(with: kind.utf8) },
            "the fixture has no such box"
        )
        bytes.replaceSubrange(place + 4..<place + 8, with: "nclx".utf8)
        bytes.replaceSubrange(
            place + 8..<place + 15,
            with: [0, primaries, 0, transfer, 0, 6, 0x80]
        )
        return bytes
    }

    @Test(
        "Display P3 by an nclx box is kept",
        arguments: ["turned.heic", "lossy.avif", "deep.avif"]
    )
    func displayP3(name: String) throws {
        let plain = try PhotoDecoder.decode(try Self.recolored(name, 1, 13))
        let photo = try PhotoDecoder.decode(try Self.recolored(name, 12, 13))
        #expect(
            photo.samples == plain.samples && plain.iccProfile == nil && plain.codePoints == nil
        )
        #expect(photo.codePoints == ColorCodePoints(primaries: 12, transfer: 13))
        #expect(
            photo.iccProfile == ColorCodePoints(primaries: 12, transfer: 13).profile
                && photo.iccProfile != nil
        )
        // The television curves are kept by code points alone.
        let television = try PhotoDecoder.decode(try Self.recolored(name, 1, 1))
        #expect(
            television.codePoints == ColorCodePoints(primaries: 1, transfer: 1)
                && television.iccProfile == nil
        )
    }

    @Test(
        "HDR by an nclx box is refused with its own reason",
        arguments: [16, 18] as [UInt8],
        ["turned.heic", "lossy.avif"]
    )
    func hdr(transfer: UInt8, name: String) throws {
        let bytes = try Self.recolored(name, 9, transfer)
        let error = #expect(throws: ImagingError.self) { try PhotoDecoder.decode(bytes) }
        #expect(error?.code == .unsupported && error?.detail.contains("HDR") == true)
    }

    // MARK: - Profiles that do not fit

    private static let curve = Array("curv\0\0\0\0".utf8) + [0, 0, 0, 1, 2, 0x33, 0, 0]

    @Test(
        "A profile of colours on gray, one of gray on colours, and others that do not fit are left out"
    )
    func misfits() throws {
        let gray = Fixture.profile(count: 400, space: "GRAY", tags: [("kTRC", Self.curve)])
        #expect(
            try PhotoDecoder.decode(try Self.jpeg("gray.jpg", [Self.piece(1, of: 1, gray)]))
                .iccProfile == gray
        )
        let color = Fixture.profile(400)
        let misfits: [(String, [UInt8], Omission.Reason)] = [
            ("gray.jpg", color, .wrongColorSpace), ("baseline_420.jpg", gray, .wrongColorSpace),
            (
                "baseline_420.jpg",
                Fixture.profile(
                    count: 400,
                    space: "CMYK",
                    tags: [("A2B0", Array("mft1".utf8) + [UInt8](repeating: 0, count: 44))]
                ),
                .wrongColorSpace
            ),
            (
                "baseline_420.jpg", Fixture.profile(count: 400, space: "Lab ", tags: []),
                .wrongColorSpace
            ),
            (
                "baseline_420.jpg",
                Fixture.profile(count: 400, space: "RGB ", tags: [], kind: "nmcl"), .wrongClass
            ),
            (
                "baseline_420.jpg",
                Fixture.profile(count: 400, space: "RGB ", tags: [], kind: "link"), .wrongClass
            ),
            (
                "baseline_420.jpg",
                Fixture.profile(count: 400, space: "RGB ", tags: [("rTRC", Self.curve)]),
                .incomplete
            ),
            ("baseline_420.jpg", Array("This is no profile.".utf8), .damaged),
            ("baseline_420.jpg", Array(color.dropLast()), .damaged),
            ("baseline_420.jpg", PNGFile.bigEndian(200) + color.dropFirst(4), .damaged),
            ("baseline_420.jpg", PNGFile.bigEndian(0xFFFF_FFFF) + color.dropFirst(4), .damaged),
        ]
        for (name, profile, reason) in misfits {
            let photo = try PhotoDecoder.decode(
                try Self.jpeg(name, [Self.piece(1, of: 1, profile)])
            )
            #expect(
                photo.iccProfile == nil && photo.colorOmissions == [Omission(.iccProfile, reason)],
                "\(reason)"
            )
            #expect(photo.samples == (try Fixture.bytes(name + ".raw")))
        }
        // The same holds in a PNG.
        let photo = try PhotoDecoder.decode(Self.png([Self.iccp(gray)]))
        #expect(
            photo.iccProfile == nil
                && photo.colorOmissions == [Omission(.iccProfile, .wrongColorSpace)]
        )
    }

    @Test(
        "What stands behind a profile's end goes, and one of version 4 is filled up to four bytes"
    )
    func corrections() throws {
        let profile = Fixture.profile(500)
        #expect(try ICCProfile(profile + [0, 0, 7], for: .rgb).bytes == profile)
        #expect(try ICCProfile(Fixture.profile(501), for: .rgb).bytes == Fixture.profile(501))
        let odd = Fixture.profile(
            count: 402,
            space: "GRAY",
            tags: [("kTRC", Self.curve)],
            version: 4
        )
        let filled = try ICCProfile(odd, for: .gray).bytes
        let expected: [UInt8] = PNGFile.bigEndian(404) + Array(odd.dropFirst(4)) + [0, 0]
        #expect(filled == expected)
        #expect(try ICCProfile(filled, for: .gray).bytes == filled)
    }

    @Test("Damage to a profile is found or does no harm, and never traps")
    func damagedProfiles() throws {
        let profile = Fixture.profile(400)
        for index in profile.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var damaged = profile
                damaged[index] = value
                guard let sound = try? ICCProfile(damaged, for: .rgb) else { continue }
                #expect(sound.bytes.count <= profile.count)
            }
            #expect(throws: ICCProfile.Fault.self) {
                try ICCProfile(Array(profile.prefix(index)), for: .rgb)
            }
        }
    }

    @Test("The pieces of a profile are put together in their order, whatever that is in the file")
    func pieces() throws {
        let profile = Fixture.profile(900)
        let parts: [[UInt8]] = [0, 300, 600].map { Array(profile[$0..<$0 + 300]) }
        func profiles(_ pieces: [(UInt8, [UInt8])]) throws -> ([UInt8]?, [Omission]) {
            let photo = try PhotoDecoder.decode(try Self.jpeg("baseline_420.jpg", pieces))
            #expect(photo.samples == (try Fixture.bytes("baseline_420.jpg.raw")))
            return (photo.iccProfile, photo.colorOmissions)
        }
        let all: [(UInt8, [UInt8])] = (0..<3).map { Self.piece(UInt8($0 + 1), of: 3, parts[$0]) }
        let other = Self.piece(2, of: 3, parts[2])
        let usable: [[(UInt8, [UInt8])]] = [
            all, [all[2], all[0], all[1]], [all[0], all[1], all[1], all[2]],
        ]
        for pieces in usable {
            let (found, omissions) = try profiles(pieces)
            #expect(found == profile && omissions.isEmpty)
        }
        let unusable: [[(UInt8, [UInt8])]] = [
            [all[0], all[2]], [all[0], all[1]], [all[0], all[1], other, all[2]],
            [all[0], all[1], Self.piece(3, of: 4, parts[2])],
            [all[0], all[1], Self.piece(4, of: 3, parts[2])],
            [all[0], all[1], (2, Array("ICC_PROFILE\0".utf8) + [3])],
        ]
        for pieces in unusable {
            let (found, omissions) = try profiles(pieces)
            #expect(found == nil && omissions == [Omission(.iccProfile, .damaged)])
        }
        // A single piece is unambiguous.
        for only in [Self.piece(0, of: 0, profile), Self.piece(7, of: 3, profile)] {
            let (found, omissions) = try profiles([only])
            #expect(found == profile && omissions.isEmpty)
        }
    }
}
