import Archive
import Foundation
import Testing
import WireHarness

@Suite("ZIPs that come in")
struct ZIPDecoderTests {
    private func decodeZIP(
        _ bytes: [UInt8],
        limits: ArchiveLimits = ArchiveLimits()
    ) -> ArchiveOutcome {
        decode(bytes) { ZIPDecoder(limits: limits) }
    }

    private func fault(_ bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) -> ArchiveFault? {
        decodeZIP(bytes, limits: limits).fault
    }

    private let text = Array(String(repeating: "abcdefgh", count: 90).utf8)

    // MARK: - Archives by other programs

    @Test(
        "Python's zipfile, into a file and into a pipe",
        arguments: ["ZIP_STORED", "ZIP_DEFLATED"],
        [false, true]
    )
    func python(method: String, isPipe: Bool) throws {
        let script = """
            target = \(isPipe ? "Pipe()" : "io.BytesIO()")
            with zipfile.ZipFile(target, "w", zipfile.\(method)) as archive:
                archive.writestr("cats/", b"")
                archive.writestr("cats/Größe.png", b"abcdefgh" * 90)
                archive.writestr("empty", b"")
                archive.comment = b"a comment"
            if not \(isPipe ? "True" : "False"): out.write(target.getvalue())
            """
        let outcome = decodeZIP(try Foreign.python(script))
        guard method == "ZIP_DEFLATED" || !isPipe else {
            // The end of its bytes cannot be detected.
            #expect(outcome.fault?.code == .memberInvalid)
            return
        }
        #expect(
            outcome.members.map(Expected.init) == [
                Expected(.folder, "cats/"), Expected(.file, "cats/Größe.png", text),
                Expected(.file, "empty"),
            ]
        )
    }

    @Test(
        "ZIP64, where the sizes need not be and where they stand behind",
        arguments: [false, true]
    )
    func zip64(isPipe: Bool) throws {
        let script = """
            target = \(isPipe ? "Pipe()" : "io.BytesIO()")
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                with archive.open("a", "w", force_zip64=True) as member: member.write(b"abcdefgh" * 90)
            if not \(isPipe ? "True" : "False"): out.write(target.getvalue())
            """
        #expect(
            decodeZIP(try Foreign.python(script)).members.map(Expected.init) == [
                Expected(.file, "a", text)
            ]
        )
    }

    @Test("More members than 16 bits count, with a ZIP64 end")
    func many() throws {
        let bytes = try Foreign.python(
            "out.write(zipped(*((f'{n}', b'') for n in range(65_540)), method=0))"
        )
        let outcome = ArchiveOutcome(
            of: [bytes],
            by: ZIPDecoder(limits: ArchiveLimits(maxMembers: 70_000))
        )
        #expect(outcome.fault == nil)
        #expect(outcome.members.count == 65_540)
        #expect(outcome.members.last?.member.name == "65539")
        // The end record counts members that do not exist, or counts wrongly.
        for back in [22 + 20 + 56 - 24, 22 + 20 + 56 - 48, 22 + 20 - 8] {
            var changed = bytes
            changed[changed.count - back] ^= 1
            let changedOutcome = ArchiveOutcome(
                of: [changed],
                by: ZIPDecoder(limits: ArchiveLimits(maxMembers: 70_000))
            )
            #expect(changedOutcome.fault?.code == .invalid)
        }
        #expect(ArchiveOutcome(of: [bytes], by: ZIPDecoder()).fault?.code == .bomb)
    }

    @Test(
        "Info-ZIP into a pipe: deflated, stored, and its own input",
        arguments: [["-r"], ["-0r"]]
    )
    func infoZIP(options: [String]) throws {
        let folder = try Foreign.Folder([("cats/a.txt", text), ("cats/empty", [])])
        let archive = try Foreign.output(
            of: "/usr/bin/zip",
            ["-q"] + options + ["-", "cats"],
            in: folder.url
        )
        let members = decodeZIP(archive).members.map(Expected.init).sorted { $0.name < $1.name }
        #expect(
            members == [
                Expected(.folder, "cats/"), Expected(.file, "cats/a.txt", text),
                Expected(.file, "cats/empty"),
            ]
        )
        let pipe = try Foreign.output(
            of: "/bin/sh",
            ["-c", "zip -q - - < cats/a.txt | cat"],
            in: folder.url
        )
        #expect(decodeZIP(pipe).members.map(Expected.init) == [Expected(.file, "-", text)])
    }

    // MARK: - Names

    /// Returns a ZIP whose only member has this name without the UTF-8 flag, and the name as Python
    /// reads it.
    private func named(
        _ name: [UInt8],
        extra: [UInt8] = []
    ) throws -> (bytes: [UInt8], python: String) {
        let script = """
            name, extra = bytes(\(name)), bytes(\(extra))
            info = zipfile.ZipInfo("x" * len(name))
            info.extra = extra
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as archive: archive.writestr(info, b"1")
            data = buffer.getvalue().replace(b"x" * len(name), name)
            with zipfile.ZipFile(io.BytesIO(data)) as archive: read = archive.namelist()[0]
            """
        let read = try Foreign.python(script + "\nout.write(read.encode())")
        return (
            try Foreign.python(script + "\nout.write(data)"), String(decoding: read, as: UTF8.self)
        )
    }

    @Test("Without the flag for UTF-8 a name is in code page 437, every character of it")
    func codePage437() throws {
        // In halves, since a name has a maximum length; U+0080 and U+00FF are the first and the
        // last.
        for half in [Array(UInt8(128)...191), Array(UInt8(192)...255)] {
            let zip = try named(half + Array("/a.jpg".utf8))
            let outcome = decodeZIP(zip.bytes)
            #expect(outcome.fault == nil)
            #expect(outcome.members.map(\.member.name) == [zip.python])
        }
        let album = try named([0x4D, 0x81] + Array("ller/a.jpg".utf8))
        #expect(
            decodeZIP(album.bytes).members.map(\.member.name) == ["Müller/a.jpg"]
                && album.python == "Müller/a.jpg"
        )
    }

    @Test(
        "But valid UTF-8 is UTF-8, as macOS writes it without the flag",
        arguments: ["Mu\u{308}ller/日本.jpg", "é", "a"]
    )
    func unflagged(name: String) throws {
        let names = decodeZIP(try named(Array(name.utf8)).bytes).members.map(\.member.name)
        #expect(names.map { Array($0.utf8) } == [Array(name.utf8)])
    }

    @Test("The Unicode Path Extra Field counts if it is about the name")
    func unicodePath() throws {
        func field(_ name: [UInt8], _ path: String, version: UInt8 = 1) -> [UInt8] {
            let checksum = CRC32.checksum(name)
            let body =
                [version] + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
                + Array(path.utf8)
            return [0x75, 0x70, UInt8(body.count), 0] + body
        }
        let name = Array("#U65e5/a.jpg".utf8)
        func read(_ extra: [UInt8]) throws -> [String] {
            decodeZIP(try named(name, extra: extra).bytes).members.map(\.member.name)
        }
        #expect(try read(field(name, "日/a.jpg")) == ["日/a.jpg"])
        #expect(try read([0x55, 0x54, 1, 0, 0] + field(name, "日/a.jpg")) == ["日/a.jpg"])
        #expect(try read(field(Array("other".utf8), "日/a.jpg")) == ["#U65e5/a.jpg"])
        #expect(try read(field(name, "日/a.jpg", version: 2)) == ["#U65e5/a.jpg"])
        #expect(try read([0x75, 0x70, 3, 0, 1, 2, 3]) == ["#U65e5/a.jpg"])
    }

    @Test("Info-ZIP in any locale", arguments: ["C", "C.UTF-8"])
    func infoZIPNames(locale: String) throws {
        let folder = try Foreign.Folder([("Müller/日本.txt", text)])
        let command = "LC_ALL=\(locale) zip -qr - 'Müller'"
        let members = decodeZIP(try Foreign.output(of: "/bin/sh", ["-c", command], in: folder.url))
            .members
        #expect(members.map(\.member.name) == ["Müller/", "Müller/日本.txt"])
    }

    @Test("Our own archives")
    func own() throws {
        let layout = try ZIPLayout(entries: [
            ZIPEntry(name: "a/b", size: 720, crc32: CRC32.checksum(text))
        ])
        let outcome = decodeZIP(layout.localHeader(at: 0) + text + layout.trailer())
        #expect(outcome.members.map(Expected.init) == [Expected(.file, "a/b", text)])
    }

    @Test("None and nothing")
    func empty() throws {
        #expect(fault(try Foreign.python("out.write(zipped())")) == nil)
        #expect(fault([])?.code == .truncated)
    }

    // MARK: - Refused archives

    @Test("A part of a good ZIP is never taken for the whole")
    func prefixes() throws {
        let script = "out.write(zipped(('a/b', b'abc' * 99), ('c', b''), comment=b'x'))"
        for script in [script, script.replacingOccurrences(of: "comment=b'x'", with: "method=0")] {
            let bytes = try Foreign.python(script)
            for count in 0..<bytes.count {
                #expect(
                    ArchiveOutcome(of: [Array(bytes[..<count])], by: ZIPDecoder()).fault?.code
                        == .truncated
                )
            }
        }
    }

    @Test("A bit that is changed anywhere is found, or changes nothing")
    func changedBits() throws {
        let scripts = [
            "out.write(zipped(('a/b', b'abc' * 9), ('c', b'12'), comment=b'x'))",
            "out.write(zipped(('a/b', b'abc' * 9), ('c', b'12'), method=0))",
            "with zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a/b', b'abc' * 9)",
        ]
        for script in scripts {
            let bytes = try Foreign.python(script)
            let members = ArchiveOutcome(of: [bytes], by: ZIPDecoder()).members
            var refused = 0
            for index in bytes.indices {
                for bit in 0..<8 {
                    var changed = bytes
                    changed[index] ^= 1 << bit
                    let outcome = ArchiveOutcome(of: [changed], by: ZIPDecoder())
                    if outcome.fault != nil {
                        refused += 1
                    } else {
                        #expect(outcome.members == members, "byte \(index)")
                    }
                }
            }
            // Times, versions and attributes make up half of the headers.
            #expect(refused > bytes.count * 8 / 3)
        }
    }

    @Test(
        "What says two things, or what nobody can read here",
        arguments: [
            ("no ZIP", "out.write(b'x' * 100)", ArchiveFault.Code.invalid),
            ("gzip", "import gzip; out.write(gzip.compress(bytes(500)))", .invalid),
            ("behind the end", "out.write(zipped(('a', b'1')) + b'1')", .invalid),
            ("two in one", "out.write(zipped(('a', b'1')) * 2)", .invalid),
            ("before the beginning", "out.write(b'#!/bin/sh\\n' + zipped(('a', b'1')))", .invalid),
            (
                "another name at the end",
                "d = zipped(('ab', b'1')); i = d.rindex(b'ab'); d[i:i + 2] = b'cd'; out.write(d)",
                .invalid
            ),
            (
                "another size at the end",
                "d = zipped(('ab', b'1'), method=0); i = d.index(b'PK\\1\\2'); d[i + 24] = 2; out.write(d)",
                .invalid
            ),
            (
                "another place at the end",
                "d = zipped(('ab', b'1'), method=0); i = d.index(b'PK\\1\\2'); d[i + 42] = 1; out.write(d)",
                .invalid
            ),
            (
                "one named twice, as overlapping bombs do",
                "d = zipped(('a', b'1'), ('b', b'1'), method=0); i = d.rindex(b'PK\\1\\2'); d[i:i + 47] = d[i - 47:i]; out.write(d)",
                .invalid
            ),
            (
                "one that is not named",
                """
                d = zipped(('a', b'1'), ('b', b'1'), method=0); i = d.rindex(b'PK\\1\\2')
                e = bytearray(d[i + 47:]); e[8] = e[10] = 1; e[12] = 47
                out.write(d[:i] + e)
                """, .invalid
            ),
            ("too few counted", "d = zipped(('a', b'1')); d[-12] = 0; out.write(d)", .invalid),
            (
                "a directory elsewhere", "d = zipped(('a', b'1')); d[-6] ^= 1; out.write(d)",
                .invalid
            ),
            ("a part of several", "d = zipped(('a', b'1')); d[-18] = 1; out.write(d)", .invalid),
            ("the first of several", "out.write(b'PK\\7\\x08' + zipped(('a', b'1')))", .invalid),
            ("a folder with bytes", "out.write(zipped(('a/', b'1')))", .invalid),
            ("encrypted", "d = zipped(('a', b'1')); d[6] |= 1; out.write(d)", .memberInvalid),
            (
                "another method", "out.write(zipped(('a', b'1' * 99), method=zipfile.ZIP_LZMA))",
                .memberInvalid
            ),
            (
                "a wrong checksum", "d = zipped(('a', b'1'), method=0); d[14] ^= 1; out.write(d)",
                .invalid
            ),
            ("not deflated", "d = zipped(('a', b'1' * 99)); d[31] = 0xFF; out.write(d)", .invalid),
            (
                "deflated beyond its size",
                "d = zipped(('a', bytes(99))); n = d[18]; d[18] = n - 1; out.write(d)", .invalid
            ),
            (
                "less than its size",
                "d = zipped(('a', bytes(99))); d[18] += 1; out.write(d[:31 + d[18] - 1] + b'x' + d[31 + d[18] - 1:])",
                .invalid
            ),
            (
                "a wrong descriptor",
                """
                buffer = io.BytesIO()
                out.flush(); real, out = out, buffer
                with zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED) as z: z.writestr('a', b'1')
                d = bytearray(buffer.getvalue()); d[d.index(b'PK\\7\\x08') + 5] ^= 1; real.write(d)
                """, .invalid
            ),
        ]
    )
    func refused(what: String, script: String, expected: ArchiveFault.Code) throws {
        #expect(fault(try Foreign.python(script))?.code == expected, "\(what)")
    }

    @Test("Bombs: the ratio, the sum and the number of members")
    func bombs() throws {
        let bytes = try Foreign.python(
            "out.write(zipped(*((f'{n}', bytes(1 << 20)) for n in range(3))))"
        )
        let whole = { (limits: ArchiveLimits) in
            ArchiveOutcome(of: [bytes], by: ZIPDecoder(limits: limits)).fault?.code
        }
        #expect(whole(ArchiveLimits()) == nil)
        #expect(whole(ArchiveLimits(freelyUnpackedBytes: 2 << 20)) == .bomb)
        #expect(whole(ArchiveLimits(maxRatio: 2000, freelyUnpackedBytes: 2 << 20)) == nil)
        #expect(whole(ArchiveLimits(maxUnpackedBytes: 3 << 20)) == nil)
        #expect(whole(ArchiveLimits(maxUnpackedBytes: 3 << 20 - 1)) == .bomb)
        #expect(whole(ArchiveLimits(maxMembers: 2)) == .bomb)
        #expect(whole(ArchiveLimits(maxMembers: 3)) == nil)
        let named = try Foreign.python("out.write(zipped(('n' * 100, b'')))")
        #expect(fault(named, limits: ArchiveLimits(maxNameBytes: 100)) == nil)
        #expect(fault(named, limits: ArchiveLimits(maxNameBytes: 99))?.code == .memberInvalid)
    }

    @Test("A bomb is found before it has gone off")
    func earlyEnd() throws {
        // Zeros, a thousand times as many as their deflated bytes.
        let bytes = try Foreign.python("out.write(zipped(('a', bytes(256 << 20))))")
        var (decoder, unpacked) = (ZIPDecoder(), 0)
        decoder.receive(bytes)
        let fault = #expect(throws: ArchiveFault.self) {
            while let event = try decoder.next() {
                if case .memberBytes(let piece) = event { unpacked += piece.count }
            }
        }
        #expect(fault?.code == .bomb)
        #expect(unpacked <= 17 << 20)
    }
}
