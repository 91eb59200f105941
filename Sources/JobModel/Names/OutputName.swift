/// The base name of a protected image, derived safely from an untrusted name.
///
/// The folders and the extension are removed, and so is everything that a common file system
/// refuses or interprets: separators, control and invisible characters, leading dots and Windows
/// device names. The name is normalised to NFC, whatever form the sending system uses.
public struct OutputName: Sendable, Hashable {
    /// The maximum length of a base name in UTF-8 bytes.
    ///
    /// With a suffix such as `-9999.webp` it still fits into the 255 bytes of any file system.
    public static let maxBytes = 180

    /// The name without its extension.
    public let base: String

    /// Returns the name with the extension of a format.
    public func fileName(in format: OutputFormat) -> String {
        "\(base).\(format.fileExtension)"
    }

    /// Makes a safe name.
    ///
    /// - Parameters:
    ///   - name: An untrusted file name or path.
    ///   - fallback: The base name to use if nothing of `name` remains, such as `image-0001`.
    public init(sanitizing name: String, fallback: String) {
        let safe = Self.sanitize(name)
        if safe.isEmpty {
            let safeFallback = Self.sanitize(fallback)
            base = safeFallback.isEmpty ? "image" : safeFallback
        } else {
            base = safe
        }
    }

    /// Names an image that arrived without a name: `image-0001` for the first.
    ///
    /// - Parameter number: The image's number in its job, from 1.
    public init(numbered number: Int) {
        let digits = String(number)
        base = "image-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Accepts the name of an existing result, if this type could have produced it.
    ///
    /// - Parameter base: The file's name without its extension. With a number at its end it may be longer
    ///   than ``maxBytes``.
    public init?(given base: String) {
        guard !base.isEmpty,
            Self.sanitize(base + ".png", maxBytes: Self.maxBytes + Self.maxNumberBytes) == base
        else {
            return nil
        }
        self.base = base
    }

    /// Returns a key for comparing names: names with equal keys may denote one file.
    ///
    /// Such names differ only in case, normalisation or invisible characters.
    ///
    /// - Parameter base: A file's name without its extension.
    /// - Returns: The key, which is not a file name.
    public static func folded(_ base: String) -> String { FileNames.folded(base) }

    /// The maximum length in bytes of a number appended to a name, such as `-10000`.
    private static let maxNumberBytes = 20

    fileprivate init(base: String) {
        self.base = base
    }

    // Work on scalars throughout: to Swift, a slash or dot with a combining accent is another
    // character, but to a file system it is not.
    private static func sanitize(_ name: String, maxBytes: Int = maxBytes) -> String {
        let scalars = name.unicodeScalars
        let start =
            scalars.lastIndex { $0 == "/" || $0 == "\\" }.map { scalars.index(after: $0) }
            ?? scalars.startIndex
        var shown = String.UnicodeScalarView()
        for scalar in scalars[start...] where !scalar.isInvisible { shown.append(scalar) }
        var kept = String.UnicodeScalarView()
        for scalar in withoutExtension(NormalizedText.nfc(String(shown)).unicodeScalars[...]) {
            kept.append(FileNames.forbidden.contains(scalar) ? "_" : scalar)
        }
        var base = Substring(kept.drop { $0 == "." || $0.isBlank || $0.continuesCharacter })
        // Cut between characters: half a character would be a different one.
        while base.utf8.count > maxBytes { base.removeLast() }
        while let last = base.unicodeScalars.last, last == "." || last.isBlank {
            base.unicodeScalars.removeLast()
        }
        return FileNames.isDevice(String(base)) ? "_" + base : String(base)
    }

    /// Removes an extension such as `.jpeg`.
    ///
    /// An extension is 1 to 5 ASCII letters and digits after a dot that is not the first character.
    private static func withoutExtension(
        _ name: Substring.UnicodeScalarView
    ) -> Substring.UnicodeScalarView {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        let end = name[name.index(after: dot)...]
        let isExtension =
            (1...5).contains(end.count)
            && end.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
            }
        return isExtension ? name[..<dot] : name
    }
}

/// Gives every image of a job a unique name within its class.
///
/// Names that differ only in case count as equal, as they do on many file systems. The same applies
/// to the folders of classes. The second of two equal names gets `-2`, the third `-3`, in the order
/// of the calls.
public struct OutputNames: Sendable {
    private var taken: Set<String> = []
    private var counters: [String: Int] = [:]

    /// Creates a set without taken names.
    public init() {}

    /// Reserves the name of an existing file.
    ///
    /// - Parameters:
    ///   - base: The file's name without its extension.
    ///   - label: The class whose folder contains the file.
    public mutating func reserve(_ base: String, in label: ClassLabel) {
        taken.insert(FileNames.folded(label.folderName) + "/" + FileNames.folded(base))
    }

    /// Takes a name, numbering it if it is taken.
    ///
    /// - Parameters:
    ///   - name: The preferred name.
    ///   - label: The image's class, which determines its folder.
    /// - Returns: A name never returned before for this class, or for a class whose folder may be
    ///   the same.
    public mutating func take(_ name: OutputName, in label: ClassLabel) -> OutputName {
        let folder = FileNames.folded(label.folderName) + "/"
        let wanted = folder + FileNames.folded(name.base)
        guard !taken.insert(wanted).inserted else { return name }
        // Continue from the last number, so that ten thousand equal names do not take quadratic
        // time.
        var count = counters[wanted] ?? 1
        var candidate = name
        repeat {
            count += 1
            candidate = OutputName(base: "\(name.base)-\(count)")
        } while !taken.insert(folder + FileNames.folded(candidate.base)).inserted
        counters[wanted] = count
        return candidate
    }
}
