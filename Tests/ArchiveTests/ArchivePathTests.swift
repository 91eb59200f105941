import Archive
import Testing

@Suite("Names of members")
struct ArchivePathTests {
    @Test(
        "The first folder and the last component, nothing between",
        arguments: [
            ("a.jpg", nil, "a.jpg"), ("cats/a.jpg", "cats", "a.jpg"), ("./cats//b/./a.jpg", "cats", "a.jpg"),
            ("./a.jpg", nil, "a.jpg"), ("cats\\b\\a.jpg", "cats", "a.jpg"), ("C:/a", "C:", "a"), ("a/", nil, "a"),
        ] as [(String, String?, String)]
    )
    func parts(text: String, folder: String?, name: String) throws {
        let path = try ArchivePath(text)
        #expect(path.folder == folder)
        #expect(path.name == name)
        #expect(!path.isPassedOver)
    }

    @Test(
        "Names that lead elsewhere",
        arguments: ["/etc/passwd", "\\a", "../a", "a/../../b", "a\\..\\b", "", ".", "./", "a\0.jpg"]
    )
    func refused(text: String) {
        let fault = #expect(throws: ArchiveFault.self) { try ArchivePath(text) }
        #expect(fault?.code == .memberInvalid)
    }

    @Test(
        "What stands beside photos is passed over",
        arguments: [
            "__MACOSX/cats/._a.jpg", "cats/._a.jpg", ".DS_Store", "cats/.DS_Store", "cats/Thumbs.db",
            "cats/DESKTOP.INI",
            ".git/a.png", "cats/.thumbnails/a.png",
        ]
    )
    func passedOver(text: String) throws {
        #expect(try ArchivePath(text).isPassedOver)
    }

    @Test(
        "What only looks like it is not",
        arguments: ["cats/a.db", "thumbs.db/a.jpg", "cats/__MACOSX/a.jpg", "cats/..a"]
    )
    func kept(text: String) throws {
        #expect(try ArchivePath(text).isPassedOver == (text == "cats/..a"))
    }
}
