import Testing

@testable import JobModel

@Suite struct SpellingTests {
    private static let known = [
        "class", "mode", "strength", "clip", "working_size", "mask", "metadata", "force",
        "priority", "preview", "name",
    ]

    @Test(arguments: [
        ("strenght", "strength"), ("stength", "strength"), ("Strength", "strength"),
        ("klass", "class"), ("workingSize", "working_size"), ("working-size", "working_size"),
        ("previews", "preview"), ("meta", "metadata"), ("prioritty", "priority"), ("nmae", "name"),
        ("clp", "clip"), ("moed", "mode"),
    ]) func `A misspelt name has the one that was meant nearest to it`(
        name: String,
        meant: String
    ) {
        #expect(Spelling.nearest(to: name, among: Self.known) == meant)
    }

    @Test(arguments: [
        "", "x", "épsilon", "file", "q", "zzzz", String(repeating: "strength", count: 1000),
    ])
    func `A name that is like none has none`(name: String) {
        #expect(Spelling.nearest(to: name, among: Self.known) == nil)
    }

    @Test func `Of several the nearest is chosen`() {
        #expect(Spelling.nearest(to: "statte", among: ["status", "state", "stat"]) == "state")
        #expect(Spelling.nearest(to: "state", among: []) == nil)
    }

    @Test func `A quotation shows what can be shown and no more than helps`() {
        #expect(Quotation.of("strenght") == "'strenght'")
        #expect(Quotation.of("größe 日本") == "'größe 日本'")
        #expect(
            Quotation.of("a\u{1B}[2J\n\u{202E}b\u{E000}")
                == "'a\u{FFFD}[2J\u{FFFD}\u{FFFD}b\u{FFFD}'"
        )
        #expect(
            Quotation.of(String(repeating: "x", count: 61)) == "'"
                + String(repeating: "x", count: 60) + "…'"
        )
    }
}
