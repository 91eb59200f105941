import Archive
import Foundation
import Testing
import WireHarness

@Suite("Tars that come in")
struct TarDecoderTests {
    private func decodeTar(
        _ bytes: [UInt8],
        limits: ArchiveLimits = ArchiveLimits()
    ) -> ArchiveOutcome {
        decode(bytes) { TarDecoder(limits: limits) }
    }

    private func code(
        _ bytes: [UInt8],
        limits: ArchiveLimits = ArchiveLimits()
    ) -> ArchiveFault.Code? {
        decodeTar(bytes, limits: limits).fault?.code
    }

    // MARK: - Archives by other programs

    @Test("Python's tarfile, every format", arguments: ["USTAR", "GNU", "PAX"])
    func python(format: String) throws {
        let long = "dogs/" + String(repeating: "long/", count: 25) + "rex.jpg"
        let bytes = try Foreign.python(
            """
            out.write(tar(tarfile.\(format)_FORMAT, ("cats", b"5", b""), ("cats/tom.jpg", b"0", b"abc" * 200),
                ("\(long)", b"0", b"x"), ("cats/Größe.png", b"0", b""), ("cats/full.png", b"0", bytes(512)),
                ("link", b"2", b"", {"linkname": "/etc/passwd"}), ("again", b"1", b"", {"linkname": "cats/tom.jpg"}),
                ("pipe", b"6", b""), ("disk", b"4", b"")))
            """
        )
        let outcome = decodeTar(bytes)
        #expect(outcome.fault == nil)
        #expect(
            outcome.members.map(Expected.init)
                == [
                    Expected(.folder, format == "PAX" ? "cats" : "cats/"),
                    Expected(
                        .file,
                        "cats/tom.jpg",
                        Array(String(repeating: "abc", count: 200).utf8)
                    ),
                    Expected(.file, long, [0x78]), Expected(.file, "cats/Größe.png"),
                    Expected(.file, "cats/full.png", [UInt8](repeating: 0, count: 512)),
                    Expected(.other, "link"),
                    Expected(.other, "again"), Expected(.other, "pipe"), Expected(.other, "disk"),
                ].map {
                    $0.kind == .folder ? Expected(.folder, outcome.members[0].member.name) : $0
                }
        )
        #expect(outcome.members.first?.member.name.hasPrefix("cats") == true)
    }

    @Test("GNU tar, every format", arguments: ["v7", "oldgnu", "gnu", "ustar", "posix"])
    func gnu(format: String) throws {
        let long = String(repeating: "n", count: 90) + ".jpg"
        let folder = try Foreign.Folder([
            ("cats/tom.jpg", [UInt8](repeating: 7, count: 1025)), ("cats/\(long)", [1]),
            ("dogs/rex", []),
        ])
        let arguments = [
            "--create", "--format=\(format)", "--blocking-factor=1", "--sort=name", "cats", "dogs",
        ]
        let outcome = decodeTar(try Foreign.output(of: "/usr/bin/tar", arguments, in: folder.url))
        #expect(
            outcome.members.map(Expected.init) == [
                Expected(.folder, "cats/"), Expected(.file, "cats/\(long)", [1]),
                Expected(.file, "cats/tom.jpg", [UInt8](repeating: 7, count: 1025)),
                Expected(.folder, "dogs/"),
                Expected(.file, "dogs/rex"),
            ]
        )
    }

    @Test("Names of more bytes than a header has, by GNU and by pax", arguments: ["gnu", "posix"])
    func longNames(format: String) throws {
        let name =
            (0..<5).map { "\($0)" + String(repeating: "x", count: 99) }.joined(separator: "/")
            + ".png"
        let folder = try Foreign.Folder([(name, [1, 2, 3])])
        let arguments = ["--create", "--format=\(format)", "--blocking-factor=1", name]
        let outcome = decodeTar(try Foreign.output(of: "/usr/bin/tar", arguments, in: folder.url))
        #expect(outcome.members.map(Expected.init) == [Expected(.file, name, [1, 2, 3])])
    }

    @Test("Sizes in base 256 and in pax records")
    func sizes() throws {
        let base256 = try Foreign.python(
            """
            data = tar(tarfile.GNU_FORMAT, ("a", b"0", b"12345"))
            data[124:136] = bytes([0x80]) + (5).to_bytes(11, "big")
            out.write(checksum(data))
            """
        )
        #expect(
            decodeTar(base256).members.map(Expected.init) == [
                Expected(.file, "a", Array("12345".utf8))
            ]
        )
        // The header's own size field is then 0, as for files of 8 GiB and more.
        let pax = try Foreign.python(
            """
            data = tar(tarfile.PAX_FORMAT, ("a", b"0", b"12345", {"pax_headers": {"size": "5"}}))
            data[1024 + 124:1024 + 136] = b"00000000000\\0"
            out.write(checksum(data, 1024))
            """
        )
        #expect(
            decodeTar(pax).members.map(Expected.init) == [Expected(.file, "a", Array("12345".utf8))]
        )
        let huge = try Foreign.python("out.write(tarfile.TarInfo('a').tobuf())")
        #expect(huge.count == 512)
        var decoder = TarDecoder()
        decoder.receive(
            try Foreign.python(
                "i = tarfile.TarInfo('a'); i.size = 9 << 30; out.write(i.tobuf(tarfile.GNU_FORMAT) + b'x')"
            )
        )
        #expect(
            try decoder.next() == .memberBegan(ArchiveMember(number: 1, kind: .file, name: "a"))
        )
        #expect(try decoder.next() == .memberBytes([0x78]))
        #expect(try decoder.next() == nil)
        #expect(throws: ArchiveFault.self) { try decoder.finish() }
    }

    @Test("Global headers, as git archive writes them, and zeros behind the end")
    func harmless() throws {
        let bytes = try Foreign.python(
            """
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "c"}) as archive:
                info = tarfile.TarInfo("a"); info.size = 1
                archive.addfile(info, io.BytesIO(b"1"))
            out.write(buffer.getvalue() + bytes(9 * 512 + 7))
            """
        )
        #expect(decodeTar(bytes).members.map(Expected.init) == [Expected(.file, "a", [0x31])])
        #expect(
            decodeTar([UInt8](repeating: 0, count: 1024))
                == ArchiveOutcome(of: [[UInt8](repeating: 0, count: 1024)], by: TarDecoder())
        )
        #expect(decodeTar([UInt8](repeating: 0, count: 1024)).fault == nil)
    }

    // MARK: - Refused archives

    @Test("A part of a good tar is never taken for the whole", arguments: ["USTAR", "GNU", "PAX"])
    func prefixes(format: String) throws {
        let bytes = try Foreign.python(
            "out.write(tar(tarfile.\(format)_FORMAT, ('a/\(String(repeating: "b", count: 99))', b'0', b'1' * 600), ('ü', b'0', bytes(512))))"
        )
        // Only padding follows the second block of zeros.
        let needed = try #require(bytes.lastIndex { $0 != 0 })
        let end = stride(from: 0, to: bytes.count, by: 512).first { start in
            start > needed
                && ArchiveOutcome(of: [Array(bytes[..<start])], by: TarDecoder()).fault == nil
        }
        for count in 0..<(end ?? bytes.count) {
            #expect(
                ArchiveOutcome(of: [Array(bytes[..<count])], by: TarDecoder()).fault?.code
                    == .truncated
            )
        }
        #expect((end ?? bytes.count) >= needed + 512)
    }

    @Test("Every byte of a header counts")
    func headers() throws {
        let bytes = try Foreign.python("out.write(tar(tarfile.USTAR_FORMAT, ('a', b'0', b'1')))")
        let members = ArchiveOutcome(of: [bytes], by: TarDecoder()).members
        for index in 0..<512 {
            var changed = bytes
            changed[index] ^= 1 << (index % 8)
            let outcome = ArchiveOutcome(of: [changed], by: TarDecoder())
            // In a number, spaces, zeros and NULs around the digits are equivalent.
            let isSame = (148..<156).contains(index) && outcome.members == members
            #expect(outcome.fault?.code == .invalid || isSame, "byte \(index)")
        }
    }

    @Test(
        "What is no honest tar",
        arguments: [
            ("no tar", "out.write(b'x' * 2000)", ArchiveFault.Code.invalid),
            ("behind the end", "out.write(tar(0, ('a', b'0', b'')) * 2)", .invalid),
            (
                "zeros between",
                "d = tar(0, ('a', b'0', b'')); out.write(d[:512] + bytes(512) + d)", .invalid
            ),
            (
                "a folder with bytes", "out.write(tar(0, ('a', b'0', b'x'), ('b/', b'0', b'xy')))",
                .invalid
            ),
            (
                "a link with bytes",
                "d = tar(0, ('a', b'0', b'x')); d[156] = ord('2'); out.write(checksum(d))", .invalid
            ),
            (
                "a negative size",
                "d = tar(0, ('a', b'0', b'')); d[124:136] = b'\\xff' * 12; out.write(checksum(d))",
                .invalid
            ),
            (
                "a size beyond all numbers",
                "d = tar(0, ('a', b'0', b'')); d[124:136] = b'\\xbf' + b'\\xff' * 11; out.write(checksum(d))",
                .invalid
            ),
            (
                "a size that is none",
                "d = tar(0, ('a', b'0', b'')); d[124:136] = b'8' * 12; out.write(checksum(d))",
                .invalid
            ),
            (
                "a kind of its own",
                "d = tar(0, ('a', b'0', b'')); d[156] = ord('V'); out.write(checksum(d))",
                .memberInvalid
            ),
            (
                "a sparse file of GNU",
                "d = tar(0, ('a', b'0', b'')); d[156] = ord('S'); out.write(checksum(d))",
                .memberInvalid
            ),
            (
                "a sparse file of pax",
                "out.write(tar(tarfile.PAX_FORMAT, ('a', b'0', b'', {'pax_headers': {'GNU.sparse.major': '1'}})))",
                .memberInvalid
            ),
            (
                "extended twice",
                "d = tar(tarfile.PAX_FORMAT, ('ü', b'0', b'')); out.write(d[:1024] + d)", .invalid
            ),
            (
                "extended at the end",
                "d = tar(tarfile.PAX_FORMAT, ('ü', b'0', b'')); out.write(d[:1024] + bytes(1024))",
                .invalid
            ),
            (
                "a malformed record",
                "d = tar(tarfile.PAX_FORMAT, ('ü', b'0', b'')); d[512] = ord('x'); out.write(d)",
                .invalid
            ),
            (
                "a size that is none, in pax",
                "out.write(tar(tarfile.PAX_FORMAT, ('a', b'0', b'', {'pax_headers': {'size': '-5'}})))",
                .invalid
            ),
            (
                "one name for all",
                "d = tar(tarfile.PAX_FORMAT, ('ü', b'0', b'')); d[156] = ord('g'); out.write(checksum(d))",
                .invalid
            ),
            ("gzip", "import gzip; out.write(gzip.compress(bytes(5000)))", .compressed),
            ("a short gzip", "import gzip; out.write(gzip.compress(b''))", .compressed),
            (
                "bzip2",
                "import bz2, random; out.write(bz2.compress(random.Random(0).randbytes(2000)))",
                .compressed
            ),
            (
                "xz",
                "import lzma, random; out.write(lzma.compress(random.Random(0).randbytes(2000)))",
                .compressed
            ),
            ("a ZIP", "out.write(zipped(('a', b'x' * 9), method=0) + bytes(999))", .invalid),
            ("nothing", "", .truncated),
        ]
    )
    func refused(what: String, script: String, expected: ArchiveFault.Code) throws {
        #expect(code(try Foreign.python(script)) == expected, "\(what)")
    }

    @Test("A tar whose first file is called like a compression is none")
    func misleadingName() throws {
        let bytes = try Foreign.python(
            "out.write(tar(tarfile.USTAR_FORMAT, ('BZhang/1.png', b'0', b'1')))"
        )
        #expect(
            decodeTar(bytes).members.map(Expected.init) == [Expected(.file, "BZhang/1.png", [0x31])]
        )
    }

    @Test("The limits hold, and one less is taken")
    func limits() throws {
        let bytes = try Foreign.python(
            "out.write(tar(tarfile.GNU_FORMAT, ('a' * 150, b'0', b''), ('b', b'5', b'')))"
        )
        #expect(code(bytes, limits: ArchiveLimits(maxMembers: 2)) == nil)
        #expect(code(bytes, limits: ArchiveLimits(maxMembers: 1)) == .bomb)
        #expect(code(bytes, limits: ArchiveLimits(maxNameBytes: 150)) == nil)
        #expect(code(bytes, limits: ArchiveLimits(maxNameBytes: 149)) == .memberInvalid)
        #expect(code(bytes, limits: ArchiveLimits(maxExtendedHeaderBytes: 151)) == nil)
        #expect(code(bytes, limits: ArchiveLimits(maxExtendedHeaderBytes: 150)) == .memberInvalid)
    }

    @Test("A fault names the member, and stays")
    func faults() throws {
        let bytes = try Foreign.python(
            "d = tar(0, ('a', b'0', b''), ('b', b'0', b'')); d[513] = 1; out.write(d)"
        )
        var decoder = TarDecoder()
        decoder.receive(bytes)
        _ = try decoder.next()
        _ = try decoder.next()
        let first = #expect(throws: ArchiveFault.self) { try decoder.next() }
        #expect(first?.detail.hasPrefix("Member 2 of the archive: ") == true)
        decoder.receive([UInt8](repeating: 0, count: 2000))
        #expect(#expect(throws: ArchiveFault.self) { try decoder.next() } == first)
        #expect(#expect(throws: ArchiveFault.self) { try decoder.finish() } == first)
    }
}
