/// The base name of a protected image, made safe from a name that a stranger chose.
///
/// The folder part and the extension are gone, and nothing is left that any common file system refuses or reads as something
/// else: separators, control and invisible characters, leading dots, Windows' device names. The name is composed (NFC),
/// whatever the system that it comes from makes of accents.
public struct OutputName: Sendable, Hashable {
    /// The most UTF-8 bytes that a base name has, so that `-9999.png` still fits into any file system's 255.
    public static let maxBytes = 180

    /// The name without its extension.
    public let base: String

    /// The name with `.png`.
    public var fileName: String { base + ".png" }

    /// Makes a safe name.
    ///
    /// - Parameters:
    ///   - name: A file name or path as it was sent, of any content.
    ///   - fallback: The base to use if nothing of `name` can be kept, such as `image-0001`.
    public init(sanitizing name: String, fallback: String) {
        let safe = Self.sanitize(name)
        if safe.isEmpty {
            let safeFallback = Self.sanitize(fallback)
            base = safeFallback.isEmpty ? "image" : safeFallback
        } else {
            base = safe
        }
    }

    /// The name of an image that came without one: `image-0001` for the first.
    ///
    /// - Parameter number: The image's number in its job, from 1.
    public init(numbered number: Int) {
        let digits = String(number)
        base = "image-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The name that a result has already, if it is one that this type gives.
    ///
    /// - Parameter base: The name of its file without `.png`; one with a number at its end may be longer than ``maxBytes``.
    public init?(given base: String) {
        guard !base.isEmpty,
            Self.sanitize(base + ".png", maxBytes: Self.maxBytes + Self.maxNumberBytes) == base
        else {
            return nil
        }
        self.base = base
    }

    /// What names have in common that may be one file, since they differ in case or composition alone.
    ///
    /// - Parameter base: The name of a file without its extension.
    /// - Returns: A key for comparing, which is no name itself.
    public static func folded(_ base: String) -> String { FileNames.folded(base) }

    /// The bytes of a number behind a name, such as `-10000`.
    private static let maxNumberBytes = 20

    fileprivate init(base: String) {
        self.base = base
    }

    // By scalars throughout: a slash or a dot with an accent behind it is another character to Swift, and none to a file system.
    private static func sanitize(_ name: String, maxBytes: Int = maxBytes) -> String {
        let scalars = name.unicodeScalars
        let start =
            scalars.lastIndex { $0 == "/" || $0 == "\\" }.map { scalars.index(after: $0) }
            ?? scalars.startIndex
        var shown = String.UnicodeScalarView()
        for scalar in scalars[start...] where !scalar.isInvisible { shown.append(scalar) }
        var kept = String.UnicodeScalarView()
        for scalar in withoutExtension(ComposedText.make(String(shown)).unicodeScalars[...]) {
            kept.append(FileNames.forbidden.contains(scalar) ? "_" : scalar)
        }
        var base = Substring(kept.drop { $0 == "." || $0.isBlank || $0.continuesCharacter })
        // Between characters: half of one would be another one.
        while base.utf8.count > maxBytes { base.removeLast() }
        while let last = base.unicodeScalars.last, last == "." || last.isBlank {
            base.unicodeScalars.removeLast()
        }
        return FileNames.isDevice(String(base)) ? "_" + base : String(base)
    }

    /// Drops `.jpeg` and its like: a last part of 1 to 5 ASCII letters and digits behind a dot that is not the first character.
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

/// Gives every image of a job a name of its own within its class.
///
/// Names that differ only in case count as equal, since many file systems hold them to be, and so do the folders of classes. The
/// second of two equal names gets `-2`, the third `-3`, in the order of asking.
public struct OutputNames: Sendable {
    private var taken: Set<String> = []
    private var counters: [String: Int] = [:]

    /// Starts with no name taken.
    public init() {}

    /// Keeps a name from being given, since a file has it already.
    ///
    /// - Parameters:
    ///   - base: The file's name without its extension.
    ///   - label: The class in whose folder the file lies.
    public mutating func reserve(_ base: String, in label: ClassLabel) {
        taken.insert(FileNames.folded(label.folderName) + "/" + FileNames.folded(base))
    }

    /// Takes a name, changed if it is taken already.
    ///
    /// - Parameters:
    ///   - name: The name to have if it is free.
    ///   - label: The class, which is the image's folder.
    /// - Returns: A name that was never returned before for this class, nor for one whose folder may be the same.
    public mutating func take(_ name: OutputName, in label: ClassLabel) -> OutputName {
        let folder = FileNames.folded(label.folderName) + "/"
        let wanted = folder + FileNames.folded(name.base)
        guard !taken.insert(wanted).inserted else { return name }
        // The counter goes on from where it stopped, so that ten thousand equal names are not quadratic.
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
