/// What in a folder or an archive is a photo, and what is passed over: one rule for the command line and for the service.
///
/// Names decide first. What no name tells, the first bytes of the file do. A file that somebody named by itself is always meant,
/// whatever this rule says.
public enum FileRule {
    /// Why everything in a folder is passed over.
    ///
    /// - Parameter name: The folder's own name.
    /// - Returns: The reason; `nil` for a folder that may hold photos.
    public static func reason(ofFolder name: some StringProtocol) -> PassOverReason? {
        let name = lowercased(name)
        if systemFolders.contains(name) { return .system }
        return name.unicodeScalars.first == "." ? .hidden : nil
    }

    /// Why a file is passed over for its name.
    ///
    /// - Parameter name: The file's own name.
    /// - Returns: The reason; `nil` for a photo, and for a file whose bytes have to tell.
    public static func reason(ofFile name: some StringProtocol) -> PassOverReason? {
        let name = lowercased(name)
        guard !systemFiles.contains(name), !systemBeginnings.contains(where: name.hasPrefix),
            !systemEndings.contains(where: name.hasSuffix)
        else { return .system }
        guard name.unicodeScalars.first != "." else { return .hidden }
        guard let ending = ending(of: name) else { return nil }
        if videoEndings.contains(ending) { return .video }
        return sidecarEndings.contains(ending) ? .sidecar : nil
    }

    /// Why a file is passed over for its path.
    ///
    /// - Parameters:
    ///   - folders: The names of the folders that it lies in.
    ///   - name: Its own name.
    /// - Returns: As ``reason(ofFile:)``.
    public static func reason(folders: [String], name: String) -> PassOverReason? {
        for folder in folders {
            if let reason = reason(ofFolder: folder) { return reason }
        }
        return reason(ofFile: name)
    }

    /// Whether a file is called like a photo, also one of a format that cannot be protected: its owner is told so.
    public static func isPhoto(named name: some StringProtocol) -> Bool {
        ending(of: lowercased(name)).map(photoEndings.contains) ?? false
    }

    /// How many of its first bytes show a photo.
    public static let beginning = 256

    /// Whether a file begins like a photo of any format.
    ///
    /// It decides only what is passed over; what a file is, and whether it can be protected, is found out where it is decoded.
    ///
    /// - Parameter bytes: The first ``beginning`` bytes of the file, or all that it has.
    /// - Returns: Whether they are those of a photo.
    public static func isPhoto(beginningWith bytes: [UInt8]) -> Bool {
        if signatures.contains(where: bytes.starts(with:)) { return true }
        if bytes.starts(with: Array("RIFF".utf8)) {
            return bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
        }
        if bytes.dropFirst(4).starts(with: Array("ftyp".utf8)) { return hasPhotoBrand(bytes) }
        // "BM" alone also begins ordinary text: the four reserved bytes behind the length must be zero.
        return bytes.starts(with: Array("BM".utf8)) && bytes.count >= 10
            && bytes[6..<10].allSatisfy { $0 == 0 }
    }

    // MARK: - Names

    private static let systemFolders: Set<String> = [
        "__macosx", ".appledouble", "@eadir", "#recycle", "@recycle", ".@__thumb",
        "@recently-snapshot", "$recycle.bin",
        "system volume information", "lost+found",
    ]
    private static let systemFiles: Set<String> = [
        "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "zbthumbnail.info", "picasa.ini",
        ".ds_store",
    ]
    /// Thumbnails of Synology's, and files that AppleDouble puts beside others.
    private static let systemBeginnings = ["synophoto_", "synofile_thumb", "._"]
    /// Attributes of Synology's.
    private static let systemEndings = ["@synoeastream", "@synoresource"]
    private static let videoEndings: Set<String> = [
        "mov", "mp4", "m4v", "mp", "3gp", "3g2", "avi", "mkv", "mts", "m2ts", "mpg", "mpeg", "wmv",
        "webm", "flv",
        "lrv",
        "insv",
    ]
    private static let sidecarEndings: Set<String> = [
        "aae", "json", "xmp", "xml", "txt", "html", "htm", "csv", "pp3", "dop", "cos", "thm", "ini",
        "log", "md", "url",
    ]
    private static let photoEndings: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "hif", "avif", "gif", "bmp",
        "tif", "tiff", "jxl",
        "jp2", "psd", "dng", "cr2", "cr3", "nef", "arw", "raf", "rw2", "orf", "pef", "srw",
    ]

    /// What stands behind the last dot, if that is not the first character.
    private static func ending(of name: String) -> String? {
        guard let dot = name.unicodeScalars.lastIndex(of: "."), dot != name.startIndex else {
            return nil
        }
        return String(name.unicodeScalars[name.unicodeScalars.index(after: dot)...])
    }

    /// Lower-case in ASCII alone: the names above have no other letters, and Unicode's rules make a `k` of the sign for Kelvin.
    private static func lowercased(_ name: some StringProtocol) -> String {
        let bytes = name.utf8.map { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - First bytes

    /// JPEG, PNG, GIF, TIFF with most raw formats of cameras, BigTIFF, JPEG XL, Photoshop.
    private static let signatures: [[UInt8]] = [
        [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("GIF8".utf8),
        [0x49, 0x49, 0x2A, 0x00], [0x4D, 0x4D, 0x00, 0x2A], [0x49, 0x49, 0x2B, 0x00],
        [0x4D, 0x4D, 0x00, 0x2B],
        [0xFF, 0x0A], [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A],
        Array("8BPS".utf8),
    ]

    /// The brands of HEIC, HEIF and AVIF, and of Canon's raw format; an MP4 or a QuickTime film has none of them.
    private static let photoBrands: Set<String> = [
        "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1",
        "avif", "avis", "crx ",
    ]

    /// Whether an ISO base media file (ISO/IEC 14496-12, 4.3) names a photo's brand, as its own or as a compatible one.
    private static func hasPhotoBrand(_ bytes: [UInt8]) -> Bool {
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let end = min(bytes.count, length, beginning)
        // The major brand is at 8, its version at 12, compatible brands from 16.
        return ([8] + Array(stride(from: 16, to: max(end, 16), by: 4))).contains { offset in
            offset + 4 <= bytes.count
                && photoBrands.contains(String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
        }
    }
}
