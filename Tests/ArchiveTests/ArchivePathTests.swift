import Archive
import Testing

@Suite("Names of members")
struct ArchivePathTests {
    @Test(
        "The folders from the outermost in, and the last component",
        arguments: [
            ("a.jpg", [], "a.jpg"), ("cats/a.jpg", ["cats"], "a.jpg"),
            ("./cats//b/./a.jpg", ["cats", "b"], "a.jpg"),
            ("./a.jpg", [], "a.jpg"), ("cats\\b\\a.jpg", ["cats", "b"], "a.jpg"),
            ("C:/a", ["C:"], "a"),
            ("a/", [], "a"), ("Google Photos/été/1.jpg", ["Google Photos", "été"], "1.jpg"),
            ("cats/..a", ["cats"], "..a"), ("cats/\u{301}a.jpg", ["cats"], "\u{301}a.jpg"),
        ] as [(String, [String], String)]
    )
    func parts(text: String, folders: [String], name: String) throws {
        let path = try ArchivePath(text)
        #expect(path.folders == folders)
        #expect(path.name == name)
    }

    @Test(
        "Names that lead elsewhere",
        arguments: [
            "/etc/passwd", "\\a", "../a", "a/../../b", "a\\..\\b", "/\u{301}a.jpg", "", ".", "./",
            "a\0.jpg",
        ]
    )
    func refused(text: String) {
        let fault = #expect(throws: ArchiveFault.self) { try ArchivePath(text) }
        #expect(fault?.code == .memberInvalid)
    }
}
