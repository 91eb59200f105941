import JobModel
import Testing

@Suite("Which files are photos")
struct FileRuleTests {
    @Test(
        "What lies beside photos is passed over, each for its reason",
        arguments: [
            ("__MACOSX/cats/._a.jpg", .system), ("cats/._a.jpg", .system), (".DS_Store", .system),
            ("cats/Thumbs.db", .system), ("cats/DESKTOP.INI", .system), ("cats/Icon\r", .system),
            ("NAS/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg", .system), ("NAS/#recycle/a.jpg", .system),
            ("cats/SYNOPHOTO_THUMB_M.jpg", .system), (".AppleDouble/a.jpg", .system),
            ("QNAP/.@__thumb/a.jpg", .system), ("cats/a.jpg@SynoEAStream", .system),
            (".git/a.png", .hidden), ("cats/.thumbnails/a.png", .hidden), ("cats/.a.jpg", .hidden),
            ("cats/IMG_0001.MOV", .video), ("IMG_0001.mp4", .video), ("PXL_1.MP", .video),
            ("IMG_0001.AAE", .sidecar), ("IMG_0001.jpg.json", .sidecar),
            ("IMG_0001.jpg.supplemental-metadata.json", .sidecar), ("DSC_1.xmp", .sidecar),
            ("archive_browser.html", .sidecar), ("readme.txt", .sidecar),
        ] as [(String, PassOverReason)]
    )
    func passedOver(path: String, reason: PassOverReason) {
        let parts = path.split(separator: "/").map(String.init)
        #expect(
            FileRule.reason(folders: Array(parts.dropLast()), name: parts[parts.count - 1])
                == reason
        )
    }

    @Test(
        "What only looks like it is taken",
        arguments: [
            "thumbs.db/a.jpg", "json/a.jpg", "mov/a.heic", "cats/a.mov.jpg", "eaDir/a.jpg",
            "Icon/a.jpg", "MOV",
            "desktop.ini.png", "cats/IMG.JPG", "a.\u{212A}.jpg", "cats/no-ending", "a.mo\u{0301}v",
        ]
    )
    func kept(path: String) {
        let parts = path.split(separator: "/").map(String.init)
        #expect(
            FileRule.reason(folders: Array(parts.dropLast()), name: parts[parts.count - 1]) == nil
        )
    }

    @Test("A photo is told by its name, also one of a format that cannot be protected")
    func names() {
        for name in [
            "a.jpg", "a.JPEG", "a.HEIC", "a.hif", "a.avif", "a.CR3", "a.dng", "b.tar.png",
        ] {
            #expect(FileRule.isPhoto(named: name), "\(name)")
        }
        for name in ["a", "jpg", ".jpg", "a.zip", "a.jpg.part", "a.jpg ", ""] {
            #expect(!FileRule.isPhoto(named: name), "\(name)")
        }
    }

    @Test(
        "A photo without a name for one is told by its first bytes; a film, an archive and text are not"
    )
    func bytes() {
        func box(_ brands: String) -> [UInt8] {
            [0, 0, 0, UInt8(8 + brands.utf8.count)] + Array(("ftyp" + brands).utf8)
        }
        let photos: [[UInt8]] = [
            [0xFF, 0xD8, 0xFF, 0xE0], [0x89] + Array("PNG\r\n\u{1A}\n".utf8), Array("GIF89a".utf8),
            Array("RIFF\0\0\0\0WEBPVP8 ".utf8), [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A],
            [0xFF, 0x0A, 1], box("heic\0\0\0\0mif1"), box("mif1\0\0\0\0miafheix"),
            box("avif\0\0\0\0"), box("crx \0\0\0\u{1}"),
            Array("BM".utf8) + [1, 2, 3, 4, 0, 0, 0, 0, 54],
        ]
        for photo in photos { #expect(FileRule.isPhoto(beginningWith: photo), "\(photo)") }
        let others: [[UInt8]] = [
            [], [0xFF], Array("hello".utf8), Array("PK\u{3}\u{4}".utf8), Array("%PDF".utf8),
            Array("BMW is a car".utf8),
            box("isom\0\0\0\0mp41"), box("qt  \0\0\0\0qt  "), Array("RIFF\0\0\0\0WAVE".utf8),
            Array("ftyp".utf8),
            // A brand after the end of the box does not count.
            [0, 0, 0, 16] + Array("ftypisom\0\0\0\0heic".utf8),
        ]
        for other in others { #expect(!FileRule.isPhoto(beginningWith: other), "\(other)") }
    }
}

@Suite("Which folders are albums")
struct AlbumLayoutTests {
    @Test(
        "Wrappers are passed through, and the first folder behind them is the album",
        arguments: [
            // An archive of the class folders themselves.
            (["cats/a.jpg", "dogs/b.jpg"], "", ["cats", "dogs"]),
            (["cats/a.jpg", "cats/2024/b.jpg"], "", ["cats", "cats"]),
            // A single album.
            (["cats/a.jpg", "cats/b.jpg"], "", ["cats", "cats"]),
            // Finder's ZIP, zip -r photos.zip photos, or a tar of a folder.
            (["photos/cats/a.jpg", "photos/dogs/deep/b.jpg"], "photos", ["cats", "dogs"]),
            (["photos/cats/a.jpg"], "photos", ["cats"]),
            // Google Takeout.
            (
                ["Takeout/Google Photos/Rome/1.jpg", "Takeout/Google Photos/Été/x/2.jpg"],
                "Takeout/Google Photos",
                ["Rome", "Été"]
            ),
            // A folder that directly contains a photo is an album, whatever else it contains.
            (
                ["trip/a.jpg", "trip/day 1/b.jpg", "trip/day 2/c.jpg"], "",
                ["trip", "trip", "trip"]
            ),
            (["all/trip/a.jpg", "all/trip/day 1/b.jpg"], "all", ["trip", "trip"]),
            // A folder with siblings is not a wrapper.
            (["photos/cats/a.jpg", "b.jpg"], "", ["photos", nil]),
            (["photos/cats/a.jpg", "more/b.jpg"], "", ["photos", "more"]),
            (["a.jpg"], "", [nil]), ([], "", []),
        ] as [([String], String, [String?])]
    )
    func layout(paths: [String], wrappers: String, albums: [String?]) {
        let folders = paths.map { $0.split(separator: "/").dropLast().map(String.init) }
        let layout = AlbumLayout(photos: folders)
        #expect(layout.wrappers.joined(separator: "/") == wrappers)
        #expect(folders.map { layout.album(of: $0) } == albums)
    }

    @Test("A folder that is known to be an album is passed through by nothing")
    func known() {
        let folders = [["w", "cats", "2024"], ["w", "cats", "2025"]]
        #expect(AlbumLayout(photos: folders).wrappers == ["w", "cats"])
        let layout = AlbumLayout(photos: folders) { $0 == "cats" }
        #expect(
            layout.wrappers == ["w"] && folders.map { layout.album(of: $0) } == ["cats", "cats"]
        )
    }

    @Test(
        "Where several albums are asked for, a single one makes no wrapper of what is around it, unless it is known"
    )
    func several() {
        let one = [["DCIM", "2026-01-02"], ["DCIM", "2026-01-02", "raw"]]
        #expect(AlbumLayout(photos: one).wrappers == ["DCIM"])
        #expect(AlbumLayout(photos: one, needsSeveral: true).wrappers == [])
        let two = one + [["DCIM", "2026-01-03"]]
        #expect(AlbumLayout(photos: two, needsSeveral: true).wrappers == ["DCIM"])
        // A known album stays an album.
        #expect(AlbumLayout(photos: two, needsSeveral: true) { $0 == "DCIM" }.wrappers == [])
        #expect(
            AlbumLayout(photos: one, needsSeveral: true) { $0 == "2026-01-02" }.wrappers == ["DCIM"]
        )
    }

    @Test("The order of the photos changes nothing")
    func order() {
        let folders = [["w", "v", "a"], ["w", "v", "b", "c"], ["w", "v", "a", "d"]]
        for shift in folders.indices {
            let turned = Array(folders[shift...] + folders[..<shift])
            #expect(AlbumLayout(photos: turned).wrappers == ["w", "v"])
        }
    }
}

@Suite("What is said of an upload")
struct UploadWordsTests {
    @Test("A path is shown as it was sent, but for what would harm whoever reads it")
    func sources() {
        #expect(SourcePath.shown("photos/Müller 👩‍🚀/IMG 1.HEIC") == "photos/Müller 👩‍🚀/IMG 1.HEIC")
        // Even the normalisation form is kept: the sender's folder has these bytes.
        #expect(Array(SourcePath.shown("u\u{0308}.jpg").utf8) == Array("u\u{0308}.jpg".utf8))
        #expect(
            SourcePath.shown("a\0b\n\u{1B}[2J\u{202E}gpj.\u{2028}")
                == "a\u{FFFD}b\u{FFFD}\u{FFFD}[2J\u{FFFD}gpj.\u{FFFD}"
        )
        let fits = String(repeating: "é", count: SourcePath.maxBytes / 2)
        #expect(SourcePath.shown(fits) == fits)
        let long = SourcePath.shown(String(repeating: "é/", count: 2000) + "end.jpg")
        #expect(long.hasPrefix("…") && long.hasSuffix("é/end.jpg"))
        #expect((SourcePath.maxBytes - 3...SourcePath.maxBytes).contains(long.utf8.count))
    }

    @Test("What is passed over is counted by its reason, and the first are named")
    func counts() throws {
        var passedOver = PassedOver()
        #expect(passedOver.total == 0 && passedOver.words.isEmpty)
        for number in 0..<12 { passedOver.add("a/\(number).json", .sidecar) }
        passedOver.add("b\n.mov", .video)
        var other = PassedOver()
        other.add("notes", .other)
        passedOver.add(contentsOf: other)
        #expect(passedOver.total == 14)
        #expect(passedOver.words == "1 video, 12 sidecars, 1 that is no picture")
        #expect(passedOver.examples == (0..<10).map { "a/\($0).json" })
        var few = PassedOver()
        few.add("b\n.mov", .video)
        few.add(contentsOf: other)
        #expect(few.examples == ["b\u{FFFD}.mov", "notes"])
    }

    @Test("Classes are counted in the order in which they come")
    func classes() throws {
        let labels = try ["dogs", "cats", "dogs", "Cats", "dogs"].map { try ClassLabel($0) }
        #expect(ClassCount.of(labels).map(\.label.text) == ["dogs", "cats", "Cats"])
        #expect(ClassCount.of(labels).map(\.images) == [3, 1, 1])
        #expect(ClassCount.of([]).isEmpty)
    }
}
