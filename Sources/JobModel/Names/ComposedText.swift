/// Text in Unicode's Normalization Form C (UAX #15).
///
/// An umlaut may be one character, or a letter with a mark behind it; macOS names files the second way. Swift takes both
/// for equal, but databases, hashes and most file systems compare bytes.
public enum ComposedText {
    /// Composes a text, so that all spellings of it are the same bytes.
    ///
    /// - Parameter text: Any text.
    /// - Returns: Its composed form; what is composed already stays as it is.
    public static func make(_ text: String) -> String {
        // The standard library composes for its own comparisons, and has no other public name for that yet:
        // `UTF8Span.checkForNFC` only asks, FoundationEssentials has nothing, and all of Foundation would be loaded for it.
        String(decoding: text._nfcCodeUnits, as: UTF8.self)
    }
}
