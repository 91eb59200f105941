import Testing

@testable import JobModel

@Suite struct OutputNameTests {
    @Test(arguments: [
        ("photo.jpg", "photo"),
        ("IMG_0001.JPEG", "IMG_0001"),
        ("a.b.c.png", "a.b.c"),
        ("no extension", "no extension"),
        ("version 1.2 of it", "version 1.2 of it"),
        ("Ünïcödé.heic", "Ünïcödé"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.bmp", "cat"),
        (".htaccess", "htaccess"),
        ("...", "fallback"),
        ("..", "fallback"),
        ("", "fallback"),
        ("/", "fallback"),
        ("a:b*c?d.jpg", "a_b_c_d"),
        ("line\nbreak\u{0}.png", "linebreak"),
        ("gpj.\u{202E}evil.png", "gpj.evil"),
        ("  spaced . .jpg", "spaced"),
        ("NUL.jpg", "_NUL"),
        ("com1.tar.gz", "_com1.tar"),
        ("\u{200B}", "fallback"),
        ("a\u{0}b.jp\u{0}g", "ab"),
        ("Mu\u{308}ller.heic", "M\u{FC}ller"),
        ("\u{1112}\u{1161}\u{11AB}.png", "\u{D55C}"),
        ("com\u{B9}.jpg", "_com\u{B9}"),
        ("LPT\u{B3} .a.jpg", "_LPT\u{B3} .a"),
        ("conin$.png", "_conin$"),
        ("folder/\u{301}x.jpg", "x"),
        (".\u{301}htaccess", "htaccess"),
        ("x.\u{301}.jpg", "x.\u{301}"),
        ("\u{301}\u{FE0F}", "fallback"),
        ("a<\u{338}b.jpg", "a\u{226E}b"),
        ("\u{2764}\u{FE0F}.jpg", "\u{2764}\u{FE0F}"),
    ]) func `A name from outside becomes a safe one`(name: String, expected: String) {
        let base = OutputName(sanitizing: name, fallback: "fallback").base
        #expect(areSameBytes(base, expected), "\(base.unicodeScalars.map(\.value))")
    }

    @Test func `A long name is cut between characters`() {
        let name = OutputName(sanitizing: String(repeating: "é", count: 4000), fallback: "x")
        #expect(name.base.utf8.count <= OutputName.maxBytes)
        #expect(name.base == String(repeating: "é", count: name.base.count))
        #expect(name.base.count == 90)
    }

    @Test func `Numbered names have four digits and more when needed`() {
        #expect(OutputName(numbered: 1).fileName(in: .png) == "image-0001.png")
        #expect(OutputName(numbered: 10000).fileName(in: .png) == "image-10000.png")
    }

    @Test func `Equal names are numbered in the order of asking`() throws {
        let cats = try ClassLabel("cats")
        let dogs = try ClassLabel("dogs")
        var names = OutputNames()
        func take(_ name: String, _ label: ClassLabel) -> String {
            names.take(OutputName(sanitizing: name, fallback: "x"), in: label).fileName(in: .png)
        }
        #expect(take("a.jpg", cats) == "a.png")
        #expect(take("a.png", cats) == "a-2.png")
        #expect(take("A.png", cats) == "A-3.png")
        #expect(take("a.jpg", dogs) == "a.png")
        #expect(take("a-2.jpg", cats) == "a-2-2.png")
    }

    @Test func `A name that a file has is given to nobody, and the counting goes on behind it`()
        throws
    {
        let cats = try ClassLabel("cats")
        var names = OutputNames()
        names.reserve("IMG_1", in: cats)
        names.reserve("img_1-2", in: try ClassLabel("Cats"))
        func take(_ name: String, _ label: ClassLabel) -> String {
            names.take(OutputName(sanitizing: name, fallback: "x"), in: label).fileName(in: .png)
        }
        #expect(take("IMG_1.jpg", cats) == "IMG_1-3.png")
        #expect(take("IMG_1.jpg", cats) == "IMG_1-4.png")
        #expect(take("IMG_1.jpg", try ClassLabel("dogs")) == "IMG_1.png")
    }

    @Test(arguments: [
        "a", "a-2", "x.tar", "_NUL", "Ünï", "no extension",
        String(repeating: "n", count: 180) + "-9999",
    ])
    func `A name that was given once is taken as it is`(base: String) {
        #expect(OutputName(given: base)?.base == base)
    }

    @Test(arguments: [
        "", ".a", "a/b", "a\\b", "NUL", "a ", "a:b", "a\n", String(repeating: "n", count: 300),
    ])
    func `A name that is never given is none`(base: String) {
        #expect(OutputName(given: base) == nil)
    }

    @Test func `Ten thousand equal names are all different and quick`() throws {
        let label = try ClassLabel("x")
        var names = OutputNames()
        let name = OutputName(sanitizing: "a.jpg", fallback: "x")
        var seen: Set<String> = []
        for _ in 0..<10_000 {
            seen.insert(names.take(name, in: label).fileName(in: .png).lowercased())
        }
        #expect(seen.count == 10_000)
        #expect(seen.contains("a-10000.png"))
    }
}
