import JobModel

/// How the files of an archive are named.
enum ArchiveFiles {
    static let recoverySuffix = ".recovery"
    /// Small JPEGs of the photo and of the protected picture, which lie beside the PNG.
    private static let previewSuffixes = [".before.jpg", ".after.jpg"]

    /// The formats that archives have.
    private static let formats: [(suffix: String, format: OutputFormat)] = [
        (".png", .png), (".jpg", .jpeg), (".jpeg", .jpeg), (".webp", .webp),
    ]

    /// Splits the name of a picture into its base and its format; `nil` for other files.
    static func picture(_ name: String) -> (base: String, format: OutputFormat)? {
        for (suffix, format) in formats where name.count > suffix.count {
            let ending = name.suffix(suffix.count)
            if ending.lowercased() == suffix {
                return (String(name.dropLast(suffix.count)), format)
            }
        }
        return nil
    }

    /// Returns what the name of a recovery file has before its suffix; `nil` for other files.
    static func recoveryBase(_ name: String) -> String? {
        base(name, recoverySuffix)
    }

    /// Returns the base of the picture that a preview shows; `nil` for other files.
    static func previewBase(_ name: String) -> String? {
        for suffix in previewSuffixes {
            if let base = base(name, suffix) { return base }
        }
        return nil
    }

    private static func base(_ name: String, _ suffix: String) -> String? {
        guard name.utf8.count > suffix.utf8.count, name.hasSuffix(suffix) else { return nil }
        return String(name.dropLast(suffix.count))
    }
}
