import Foundation
import Testing

@testable import JobModel

@Suite struct ClassLabelTests {
    private static let albums = [
        "a", "cats", "Class_1.2-x", "-", "a.", "a..", "con", "Vacaciones 2024", "Müller", "日本",
        "Ελλάδα", "Ćevapi & Čaj", "Москва", "القاهرة", "กรุงเทพ", "한국", "हिन्दी", "Été à la mer",
        "Was ist das?", "Tokyo: day 1", "100 %", "50%41", "%", "a<b>|\"c\"*", "❤️ Liebe", "🏖",
        "O’Brien", "#1 [best]", "~", "manifest.json", "SHA256SUMS", "trailing.dot.",
        String(repeating: "x", count: 64), String(repeating: "日", count: 64),
        String(repeating: "🏖", count: 63),
    ]

    @Test(arguments: albums) func `Names of albums are labels, as they are`(text: String) throws {
        #expect(areSameBytes(try ClassLabel(text).text, text))
        let json = try JSONEncoder().encode([text])
        #expect(try JSONDecoder().decode([ClassLabel].self, from: json).first?.text == text)
    }

    @Test(arguments: [
        ("Mu\u{308}ller", "M\u{FC}ller"), ("E\u{301}te\u{301}", "\u{C9}t\u{E9}"),
        ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
        ("\u{212B}ngstrom", "\u{C5}ngstrom"), ("\u{30AB}\u{3099}", "\u{30AC}"),
    ]) func `Two spellings of one word are one class`(decomposed: String, composed: String) throws {
        let (first, second) = (try ClassLabel(decomposed), try ClassLabel(composed))
        #expect(areSameBytes(first.text, composed) && areSameBytes(second.text, composed))
        #expect(areSameBytes(first.folderName, composed))
        #expect(first == second && Set([first, second]).count == 1)
    }

    @Test func `64 characters are counted when they are composed`() throws {
        let text = String(repeating: "e\u{301}", count: 64)
        #expect(try ClassLabel(text).text.unicodeScalars.count == 64)
        #expect(throws: SettingsFault.self) { try ClassLabel(text + "e") }
    }

    @Test(arguments: [
        ("", "is empty"), (String(repeating: "x", count: 65), "has more than 64 characters"),
        (String(repeating: "🏖", count: 64), "has more than 255 bytes"), ("a/b", "has a slash"),
        ("a\\b", "has a slash"), ("/\u{301}", "has a slash"), ("a\n", "has a control"),
        ("a\0", "has a control"), ("a\u{7F}b", "has a control"), ("a\u{85}b", "has a control"),
        ("a\tb", "has a control"), ("a\u{2028}b", "has a control"),
        ("a\u{200B}b", "has an invisible"), ("a\u{202E}b", "has an invisible"),
        ("\u{FEFF}a", "has an invisible"), ("a\u{AD}b", "has an invisible"),
        ("\u{3164}", "has an invisible"), ("a\u{34F}b", "has an invisible"),
        ("a\u{E000}", "has a private"), ("a\u{10FFFD}", "has a private"),
        ("a\u{378}", "has a character that Unicode"), ("a\u{FFFF}", "has a character that Unicode"),
        ("a\u{FFFD}", "has a character that could not be read"),
        (" a", "begins or ends with a blank"), ("a ", "begins or ends with a blank"),
        ("\u{3000}a", "begins or ends with a blank"), ("a\u{A0}", "begins or ends with a blank"),
        (" ", "begins or ends with a blank"), (".", "begins with a dot"),
        ("..", "begins with a dot"), (".hidden", "begins with a dot"),
        (".\u{301}a", "begins with a dot"), ("\u{301}a", "begins with a combining"),
        ("\u{FE0F}", "begins with a combining"), ("\u{1F3FB}", "begins with a combining"),
    ]) func `What is no label is refused, with what is wrong and what would be right`(
        text: String,
        words: String
    ) throws {
        let fault = try #require(throws: SettingsFault.self) { try ClassLabel(text) }
        #expect(fault.code == .classInvalid)
        #expect(fault.detail.hasPrefix("This class \(words)"), "\(fault.detail)")
        #expect(fault.detail.contains("A class is 1 to 64 characters of any script"))
    }

    // MARK: - Folders

    @Test(arguments: [
        ("cats", "cats"), ("Class_1.2-x", "Class_1.2-x"), ("-", "-"),
        ("Vacaciones 2024", "Vacaciones 2024"), ("日本", "日本"), ("100 %", "100 %"), ("a%b", "a%b"),
        ("%4", "%4"), ("manifest", "manifest"), ("index.htm", "index.htm"), ("console", "console"),
        ("com10", "com10"), ("COM", "COM"), ("a.b", "a.b"), ("50%41", "50%2541"),
        ("a%3Fb", "a%253Fb"), ("a?b", "a%3Fb"), ("<>:\"|?*", "%3C%3E%3A%22%7C%3F%2A"),
        ("a.", "a%2E"), ("a..", "a.%2E"), ("con", "%63on"), ("AUX.txt", "%41UX.txt"),
        ("nul.", "nul%2E"), ("com¹", "%63om¹"), ("LPT9 .a", "%4CPT9 .a"), ("CONIN$", "%43ONIN$"),
        ("con.a?", "%63on.a%3F"), ("con.a.", "%63on.a%2E"), ("manifest.json", "%6Danifest.json"),
        ("Manifest.JSON", "%4Danifest.JSON"), ("sha256sums", "%73ha256sums"),
        ("\u{17F}ha256sums", "%C5%BFha256sums"), ("index.html", "%69ndex.html"),
        ("palimpsest-manifests", "%70alimpsest-manifests"),
        ("manifest.json.sig", "%6Danifest.json.sig"),
    ]) func `A folder is its label, but for what some file system forbids`(
        label: String,
        folder: String
    ) throws {
        #expect(areSameBytes(try ClassLabel(label).folderName, folder))
    }

    /// Returns a few thousand labels, including all short ones made of the critical characters.
    private static func many() throws -> [ClassLabel] {
        let letters = [
            "a", "C", "o", "n", ".", "%", "2", "E", "?", ":", " ", "ü", "\u{308}", "🏖", "¹",
        ]
        var texts =
            albums
            + ["con", "CON", "prn", "aux", "nul", "com1", "lpt3", "CONOUT$"].flatMap {
                [$0, $0 + ".", $0 + ".x"]
            }
        texts += letters
        for first in letters {
            for second in letters {
                texts.append(first + second)
                for third in letters { texts.append(first + second + third) }
            }
        }
        for end in ["", "?", ".", "a"] {
            texts.append(String(repeating: "🏖", count: 63 - end.count) + end)
            texts.append("com1." + String(repeating: "🏖", count: 58) + end)
            texts.append(String(repeating: "?", count: 63) + end)
        }
        return Array(Set(texts.compactMap { try? ClassLabel($0) })).sorted { $0.text < $1.text }
    }

    @Test func `Percent-decoding gives the label back, so that two labels never have one folder`()
        throws
    {
        let labels = try Self.many()
        try #require(labels.count > 2000)
        let folders = labels.map(\.folderName)
        let decoded = try Python.strings(
            "import urllib.parse; out = [urllib.parse.unquote(text) for text in texts]",
            folders
        )
        #expect(decoded.map { Array($0.utf8) } == labels.map { Array($0.text.utf8) })
        #expect(Set(folders).count == folders.count)
    }

    @Test
    func
        `Windows and Linux can make every folder, and none is hidden or named as a file beside it`()
        throws
    {
        let folders = try Self.many().map(\.folderName)
        let script = """
            import pathlib
            beside = ["manifest.json", "manifest.json.sig", "sha256sums", "index.html", "palimpsest-classes.json",
                "palimpsest-jobs.json", "palimpsest-manifests"]
            out = [name for name in texts if pathlib.PureWindowsPath(name).is_reserved() or set(name) & set('<>:"/\\\\|?*')
                or name[-1] in ". " or name[0] in ". " or len(name.encode()) > 255 or name.casefold() in beside]
            """
        #expect(try Python.strings(script, folders) == [])
    }

    @Test func `Windows' devices are those that Python knows`() throws {
        let bases = [
            "con", "Prn", "AUX", "nul", "COM1", "lpt9", "com¹", "LPT³", "conin$", "CONOUT$", "com0",
            "com10", "co", "conx", "¹", "a",
        ]
        let names: [String] = bases.flatMap { base in
            [base, "\(base).txt", "\(base) .b", "\(base)x", "x\(base)", "\(base).a.b"]
        }
        let script =
            "import pathlib; out = [name for name in texts if pathlib.PureWindowsPath(name).is_reserved()]"
        let devices = try Python.strings(script, names)
        try #require(devices.count > 30)
        #expect(names.filter(FileNames.isDevice) == devices)
    }

    // MARK: - Case

    @Test func `Names that any case folding takes for one are one to us`() throws {
        let script = """
            import unicodedata
            for code in range(0x110000):
                if unicodedata.category(chr(code)) in ("Cn", "Co", "Cs"): continue
                for other in {chr(code).casefold(), chr(code).lower(), chr(code).upper(), chr(code).title()} - {chr(code)}:
                    for form in ("NFC", "NFD"): out += [chr(code), unicodedata.normalize(form, other)]
            """
        let pairs = try Python.strings(script)
        try #require(pairs.count > 4000)
        let wrong = stride(from: 0, to: pairs.count, by: 2).filter {
            !areSameBytes(FileNames.folded(pairs[$0]), FileNames.folded(pairs[$0 + 1]))
        }
        #expect(wrong.map { pairs[$0] } == [])
        for (first, second) in [("Cat", "Dog"), ("Müller", "Muller"), ("日本", "日木"), ("a-2", "a")] {
            #expect(FileNames.folded(first) != FileNames.folded(second))
        }
    }

    @Test(arguments: [
        ("Cat", "cat"), ("Straße", "STRASSE"), ("İzmir", "i\u{307}zmir"), ("ΟΔΟΣ", "οδος"),
        ("Müller", "MU\u{308}LLER"), ("❤", "❤\u{FE0F}"), ("a?", "A?"),
    ]) func `Classes whose folders may be one never have files of one name`(
        first: String,
        second: String
    ) throws {
        var names = OutputNames()
        let name = OutputName(sanitizing: "Photo.jpg", fallback: "x")
        #expect(names.take(name, in: try ClassLabel(first)).base == "Photo")
        #expect(names.take(name, in: try ClassLabel(second)).base == "Photo-2")
        #expect(
            names.take(
                OutputName(sanitizing: "PHOTO.png", fallback: "x"),
                in: try ClassLabel(first)
            ).base == "PHOTO-3"
        )
        #expect(names.take(name, in: try ClassLabel("another")).base == "Photo")
    }
}
