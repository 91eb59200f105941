/// The naming rules of common file systems: those of Linux, macOS and, the strictest, Windows.
enum FileNames {
    /// Characters that Windows allows in no file name.
    static let forbidden = Set("<>:\"|?*".unicodeScalars)

    /// Returns a key for comparing names as the least discriminating file system does.
    ///
    /// Names with equal keys may denote one file: they differ only in case, in normalisation or in
    /// invisible characters. The key is not a file name.
    static func folded(_ name: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in name.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint {
            shown.append(scalar)
        }
        // Convert to lower case first: some upper-case and title-case letters share a lower-case
        // form whose upper case is another letter.
        let small = NormalizedText.nfc(NormalizedText.nfc(String(shown)).lowercased())
        return NormalizedText.nfc(small.uppercased())
    }

    /// Whether Windows treats a name as a device, whatever follows its first dot.
    ///
    /// Superscript digits count as digits (Microsoft, "Naming Files, Paths, and Namespaces").
    static func isDevice(_ name: String) -> Bool {
        var base = name.unicodeScalars.prefix { $0 != "." }
        while base.last == " " { base.removeLast() }
        guard base.count <= 7 else { return false }
        return devices.contains(String(base).uppercased())
    }

    private static let devices: Set<String> = Set(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
            + "123456789\u{B9}\u{B2}\u{B3}".flatMap { ["COM\($0)", "LPT\($0)"] }
    )
}

extension Unicode.Scalar {
    /// Whether it has no visible form and is not a blank.
    ///
    /// This covers controls, format characters, fillers, and private and unassigned characters. A
    /// variation selector counts as visible, because it changes what is shown, such as a heart's
    /// colour.
    var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            true
        default: properties.isDefaultIgnorableCodePoint && !properties.isVariationSelector
        }
    }

    /// Whether it combines with the preceding character, so that a slash before it would not stand
    /// alone.
    var continuesCharacter: Bool {
        !isASCII && ("/" + String(self)).count == 1
    }

    /// Whether it is a space of any width or another separator of words.
    var isBlank: Bool { properties.isWhitespace }
}
