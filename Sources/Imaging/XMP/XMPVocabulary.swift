/// The relevant XMP names, identified by namespace and never by prefix.
enum XMPVocabulary {
    /// What happens to a property.
    enum Fate: Equatable {
        /// It stays unchanged.
        case stays
        /// It is removed: it shows the unprotected photo, or describes a part of the file that is
        /// not carried.
        case goes
        /// It states the orientation, which becomes "none".
        case becomesOrientation
        /// It states the width.
        case becomesWidth
        /// It states the height.
        case becomesHeight
    }

    static let rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

    /// Returns the fate of a property or of a field of one.
    static func fate(of name: XMLScanner.Name) -> Fate {
        if let fate = corrected[name] { return fate }
        return goes(name) ? .goes : .stays
    }

    /// Whether a whole namespace is removed, along with its declaration.
    static func isRemoved(namespace uri: String) -> Bool {
        let uri = uri.lowercased()
        return removedNamespaces.contains(where: uri.hasPrefix)
    }

    // MARK: - Names

    /// TIFF and EXIF properties in XMP (XMP part 2, 3.2 and 3.3).
    private static let corrected: [XMLScanner.Name: Fate] = {
        let (tiff, exif) = ("http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/")
        return [
            .init(uri: tiff, local: "Orientation"): .becomesOrientation,
            .init(uri: tiff, local: "ImageWidth"): .becomesWidth,
            .init(uri: tiff, local: "ImageLength"): .becomesHeight,
            .init(uri: exif, local: "PixelXDimension"): .becomesWidth,
            .init(uri: exif, local: "PixelYDimension"): .becomesHeight,
        ]
    }()

    private static func goes(_ name: XMLScanner.Name) -> Bool {
        let uri = name.uri.lowercased()
        if removedNamespaces.contains(where: uri.hasPrefix) { return true }
        return removedNames[uri]?.contains { name.local.lowercased().hasPrefix($0) } == true
    }

    /// Removed namespaces, as lower-case prefixes.
    private static let removedNamespaces = [
        // Thumbnails (XMP part 2, 1.2.2.3).
        "http://ns.adobe.com/xap/1.0/g/img/",
        // Gain maps for HDR.
        "http://ns.adobe.com/hdr-gain-map/", "http://ns.apple.com/hdrgainmap/",
        "http://ns.apple.com/hdrtonemap/",
        // Auxiliary pictures of iPhones: depth and mattes.
        "http://ns.apple.com/pixeldatainfo/", "http://ns.apple.com/depthdata/",
        "http://ns.apple.com/depthblureffect/",
        "http://ns.apple.com/portraiteffectsmatte/", "http://ns.apple.com/portraitlightingeffect/",
        "http://ns.apple.com/semanticsegmentationmatte/",
        // Appended files and their contents: depth maps, the other stereo view, sound.
        "http://ns.google.com/photos/1.0/container/", "http://ns.google.com/photos/dd/",
        "http://ns.google.com/photos/1.0/depthmap/", "http://ns.google.com/photos/1.0/focus/",
        "http://ns.google.com/photos/1.0/image/", "http://ns.google.com/photos/1.0/audio/",
        "http://ns.xiaomi.com/photos/1.0/camera/",
    ]

    /// Names removed from namespaces that otherwise stay, as lower-case prefixes.
    private static let removedNames: [String: [String]] = [
        "http://ns.adobe.com/xap/1.0/": ["thumbnails"],
        // Content of segments that are not carried.
        "http://ns.adobe.com/xmp/note/": ["hasextendedxmp"],
        // The video of a motion photo, and data that only the camera's maker can read.
        "http://ns.google.com/photos/1.0/camera/": [
            "motionphoto", "microvideo", "hdrp_makernote", "shot_log_data",
        ],
        "http://ns.oplus.com/photos/1.0/camera/": ["motionphoto", "olivephoto", "videolength"],
    ]
}
