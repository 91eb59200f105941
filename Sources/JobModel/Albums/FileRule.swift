/// Decides which files in a folder or an archive are photos and which are skipped.
///
/// The command line and the service share this rule. It considers the name first, then the first
/// bytes of the file. It does not apply to a file that was named individually: such a file is
/// always meant.
public enum FileRule {
    /// Returns the reason for skipping everything in a folder.
    ///
    /// - Parameter name: The folder's own name, without its path.
    /// - Returns: The reason; `nil` for a folder that may contain photos.
    public static func reason(ofFolder name: some StringProtocol) -> PassOverReason? {
        let name = lowercased(name)
        if systemFolders.contains(name) { return .system }
        return name.unicodeScalars.first == "." ? .hidden : nil
    }

    /// Returns the reason for skipping a file by its name.
    ///
    /// - Parameter name: The file's own name, without its path.
    /// - Returns: The reason; `nil` for a photo, and for a file whose first bytes must decide.
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

    /// Returns the reason for skipping a file by its path.
    ///
    /// - Parameters:
    ///   - folders: The names of the folders that contain the file.
    ///   - name: The file's own name.
    /// - Returns: As for ``reason(ofFile:)``.
    public static func reason(folders: [String], name: String) -> PassOverReason? {
        for folder in folders {
            if let reason = reason(ofFolder: folder) { return reason }
        }
        return reason(ofFile: name)
    }

    /// Whether a file is named like a photo.
    ///
    /// This includes formats that cannot be protected, so that the owner learns of it.
    public static func isPhoto(named name: some StringProtocol) -> Bool {
        ending(of: lowercased(name)).map(photoEndings.contains) ?? false
    }

    /// The number of leading bytes that ``isPhoto(beginningWith:)`` examines.
    public static let prefixLength = 256

    /// Whether a file begins like a photo of any format.
    ///
    /// This only decides whether to skip the file. Decoding shows what it is and whether it can be
    /// protected.
    ///
    /// - Parameter bytes: The first ``prefixLength`` bytes of the file, or all of a shorter one.
    /// - Returns: Whether they are those of a photo.
    public static func isPhoto(beginningWith bytes: [UInt8]) -> Bool {
        if signatures.contains(where: bytes.starts(with:)) { return true }
        if bytes.starts(with: Array("RIFF".utf8)) {
            return bytes.dropFirst(8).starts(with: Array("WEBP".utf8))
        }
        if bytes.dropFirst(4).starts(with: Array("ftyp".utf8)) { return hasPhotoBrand(bytes) }
        // Ordinary text may also begin with "BM". In a BMP, the four reserved bytes after the
        // length are zero.
        return bytes.starts(with: Array("BM".utf8)) && bytes.count >= 10
            && bytes[6..<10].allSatisfy { $0 == 0 }
    }

    // MARK: - Names

    private static let systemFolders: Set<String> = [
        "__macosx", ".appledouble", "@eadir", "#recycle", "@recycle", ".@__thumb",
        "@recently-snapshot", "$recycle.bin", "system volume information", "lost+found",
    ]
    private static let systemFiles: Set<String> = [
        "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "zbthumbnail.info", "picasa.ini",
        ".ds_store",
    ]
    /// Thumbnails by Synology, and AppleDouble files.
    private static let systemBeginnings = ["synophoto_", "synofile_thumb", "._"]
    /// File attributes stored by Synology.
    private static let systemEndings = ["@synoeastream", "@synoresource"]
    private static let videoEndings: Set<String> = [
        "mov", "mp4", "m4v", "mp", "3gp", "3g2", "avi", "mkv", "mts", "m2ts", "mpg", "mpeg", "wmv",
        "webm", "flv", "lrv", "insv",
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

    /// Returns what follows the last dot, unless the dot is the first character.
    private static func ending(of name: String) -> String? {
        guard let dot = name.unicodeScalars.lastIndex(of: "."), dot != name.startIndex else {
            return nil
        }
        return String(name.unicodeScalars[name.unicodeScalars.index(after: dot)...])
    }

    /// Converts ASCII letters to lower case.
    ///
    /// The names above have no other letters, and Unicode would turn the Kelvin sign into a `k`.
    private static func lowercased(_ name: some StringProtocol) -> String {
        let bytes = name.utf8.map { byte in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: - First bytes

    /// JPEG, PNG, GIF, TIFF including most camera raw formats, BigTIFF, JPEG XL and Photoshop.
    private static let signatures: [[UInt8]] = [
        [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("GIF8".utf8),
        [0x49, 0x49, 0x2A, 0x00], [0x4D, 0x4D, 0x00, 0x2A], [0x49, 0x49, 0x2B, 0x00],
        [0x4D, 0x4D, 0x00, 0x2B], [0xFF, 0x0A],
        [0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20, 0x0D, 0x0A, 0x87, 0x0A], Array("8BPS".utf8),
    ]

    /// The brands of HEIC, HEIF, AVIF and Canon raw files.
    ///
    /// MP4 and QuickTime videos have none of them.
    private static let photoBrands: Set<String> = [
        "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "mif2", "msf1",
        "avif", "avis", "crx ",
    ]

    /// Whether an ISO base media file (ISO/IEC 14496-12 section 4.3) has a photo's brand.
    ///
    /// The brand may be the major one or a compatible one.
    private static func hasPhotoBrand(_ bytes: [UInt8]) -> Bool {
        let length = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let end = min(bytes.count, length, prefixLength)
        // The major brand is at offset 8, its version at 12, and compatible brands start at 16.
        return ([8] + Array(stride(from: 16, to: max(end, 16), by: 4))).contains { offset in
            offset + 4 <= bytes.count
                && photoBrands.contains(String(decoding: bytes[offset..<offset + 4], as: UTF8.self))
        }
    }
}
