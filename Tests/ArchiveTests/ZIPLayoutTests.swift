import Testing

@testable import Archive

@Suite("ZIP layout")
struct ZIPLayoutTests {
    private func entry(_ name: String, _ bytes: [UInt8]) -> ZIPEntry {
        ZIPEntry(name: name, size: UInt64(bytes.count), crc32: CRC32.checksum(bytes))
    }

    @Test("Python's zipfile and unzip read back names, times and bytes")
    func readBack() throws {
        let files: [(name: String, bytes: [UInt8])] = [
            ("cats/picture.png", (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* $0) }),
            ("cats/Kätzchen 猫.png", [1, 2, 3]),
            ("empty.txt", []),
            ("SHA256SUMS", Array("sum\n".utf8)),
        ]
        let layout = try ZIPLayout(entries: files.map { entry($0.name, $0.bytes) })
        let contents = Dictionary(
            uniqueKeysWithValues: files.enumerated().map { ($0.offset, $0.element.bytes) }
        )
        let archive = try ArchiveFile(layout, contents: contents)
        let listing = try archive.python(
            """
            assert z.testzip() is None
            for i in z.infolist():
                print(i.filename, i.file_size, i.compress_type, i.date_time, oct(i.external_attr >> 16), sum(z.read(i)))
            """
        )
        let expected = files.map { file in
            let sum = file.bytes.reduce(0) { $0 + Int($1) }
            return "\(file.name) \(file.bytes.count) 0 (1980, 1, 1, 0, 0, 0) 0o100644 \(sum)\n"
        }
        #expect(listing == expected.joined())
        #expect(try archive.run("/usr/bin/unzip", "-t", "{}").contains("No errors detected"))
    }

    @Test("An archive of nothing is one")
    func empty() throws {
        let layout = try ZIPLayout(entries: [])
        #expect(layout.totalLength == 22)
        #expect(try ArchiveFile(layout, contents: [:]).python("print(z.namelist())") == "[]\n")
    }

    @Test("Files and offsets beyond 4 GiB are read back through ZIP64")
    func beyondFourGiB() throws {
        let small: [UInt8] = [9, 8, 7]
        let gibibyte: UInt64 = 1 << 30
        let layout = try ZIPLayout(entries: [
            entry("first", small),
            ZIPEntry(name: "hole", size: 5 * gibibyte, crc32: 0),
            entry("behind", small),
            entry("last", small),
            // Exactly the value that means "see the extra field". It is the last entry, since unzip
            // 6.0 wrongly keeps it for the next one.
            ZIPEntry(name: "edge", size: 0xFFFF_FFFF, crc32: 0),
        ])
        // Lengths from the specification: headers of 30 and 46 bytes, 20 for two sizes, 8 more for
        // an offset.
        let local: UInt64 = 5 * 30 + 5 + 4 + 6 + 4 + 4 + 2 * 20
        let central: UInt64 = 5 * 46 + 5 + 4 + 6 + 4 + 4 + 20 + 12 + 12 + 28
        #expect(layout.trailerOffset == local + 3 * 3 + 5 * gibibyte + 0xFFFF_FFFF)
        #expect(layout.totalLength == layout.trailerOffset + central + 56 + 20 + 22)
        let archive = try ArchiveFile(layout, contents: [0: small, 2: small, 3: small])
        let listing = try archive.python(
            """
            for i in z.infolist(): print(i.filename, i.file_size, i.header_offset)
            for name in ("first", "behind", "last"): print(list(z.read(name)))
            z.open("hole").close()
            z.open("edge").close()
            """
        )
        let expected =
            zip(layout.entries, ArchiveFile.offsets(layout)).map { entry, offset in
                "\(entry.name) \(entry.size) \(offset)\n"
            } + Array(repeating: "[9, 8, 7]\n", count: 3)
        #expect(listing == expected.joined())
        #expect(
            try archive.run("/usr/bin/unzip", "-t", "{}", "first", "behind", "last").contains(
                "No errors detected"
            )
        )
    }

    @Test(
        "More than 65,534 entries are counted through ZIP64",
        arguments: [65_534, 65_535, 66_000]
    )
    func manyEntries(count: Int) throws {
        let layout = try ZIPLayout(
            entries: (0..<count).map { ZIPEntry(name: "\($0)", size: 0, crc32: 0) }
        )
        let digits = (0..<count).reduce(0) { $0 + "\($1)".utf8.count }
        let end = count < 65_535 ? 22 : 98
        #expect(layout.totalLength == UInt64(count * 76 + 2 * digits + end))
        let trailer = layout.trailer()
        #expect(UInt64(trailer.count) == layout.totalLength - layout.trailerOffset)
        #expect(trailer.suffix(22).prefix(4) == [0x50, 0x4B, 5, 6])
        let hasLocator = trailer.suffix(42).prefix(4) == [0x50, 0x4B, 6, 7]
        #expect(hasLocator == (count >= 65_535))
        let counted = trailer.suffix(14).prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(counted == min(count, 65_535))
    }

    @Test("Equal entries give equal archives")
    func deterministic() throws {
        let entries = [entry("a", [1]), entry("b", [2])]
        #expect(try ZIPLayout(entries: entries).trailer() == ZIPLayout(entries: entries).trailer())
        #expect(
            try ZIPLayout(entries: entries).trailer()
                != ZIPLayout(entries: entries.reversed()).trailer()
        )
    }

    @Test(
        "Names that lead out of the folder, or nowhere, are refused",
        arguments: [
            "", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "a//b", "a/", "./a", "a\\b",
            "C:\\x", "a\0b",
            "a\nb",
            String(repeating: "n", count: 65_536),
        ]
    )
    func unsafeNames(name: String) {
        #expect(throws: ArchiveError.unsafeName(name)) { try ZIPLayout(entries: [entry(name, [])]) }
    }

    @Test(
        "Names that only look strange are taken",
        arguments: ["...", "..a", "a..", "-rf", String(repeating: "n", count: 65_535)]
    )
    func strangeNames(name: String) {
        #expect(throws: Never.self) { try ZIPLayout(entries: [entry(name, [])]) }
    }

    @Test("A name used twice is refused, and so is an archive that no file can hold")
    func refusals() {
        #expect(throws: ArchiveError.duplicateName("a")) {
            try ZIPLayout(entries: [entry("a", []), entry("b", []), entry("a", [1])])
        }
        #expect(throws: ArchiveError.tooLarge) {
            try ZIPLayout(entries: [
                ZIPEntry(name: "a", size: .max - 5, crc32: 0),
                ZIPEntry(name: "b", size: 1, crc32: 0),
            ])
        }
        #expect(throws: ArchiveError.tooLarge) {
            try ZIPLayout(entries: [ZIPEntry(name: "a", size: UInt64(Int64.max), crc32: 0)])
        }
    }
}
