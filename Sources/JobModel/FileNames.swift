/// What the common file systems make of names: Linux's, macOS's, and above all Windows', which forbid the most.
enum FileNames {
    /// Characters that Windows allows in no name.
    static let forbidden = Set("<>:\"|?*".unicodeScalars)

    /// A name as the file system sees it that tells the fewest names apart.
    ///
    /// Names with equal results may be one file: they differ in case alone, in how they are composed, or in characters that
    /// show nothing. It is no name itself.
    static func folded(_ name: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in name.unicodeScalars where !scalar.properties.isDefaultIgnorableCodePoint {
            shown.append(scalar)
        }
        // By way of the small letter, since some capitals and title letters share one whose capital is none of them.
        let small = ComposedText.make(ComposedText.make(String(shown)).lowercased())
        return ComposedText.make(small.uppercased())
    }

    /// Whether Windows takes a name for that of a device, whatever follows its first dot.
    ///
    /// Microsoft, "Naming Files, Paths, and Namespaces": superscript digits count as digits.
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
    /// Whether it shows nothing and is no blank: controls, what directs or joins text, fillers, and what means nothing yet.
    ///
    /// A variation selector, which makes a heart a red one, does show.
    var isInvisible: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            true
        default: properties.isDefaultIgnorableCodePoint && !properties.isVariationSelector
        }
    }

    /// Whether it is drawn with what stands before it, so that a slash before it would be no character of its own.
    var continuesCharacter: Bool {
        !isASCII && ("/" + String(self)).count == 1
    }

    /// A space of any width, or another character that separates words.
    var isBlank: Bool { properties.isWhitespace }
}
