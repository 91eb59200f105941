/// Converts text to Unicode's Normalization Form C (UAX #15).
///
/// An umlaut may be one character, or a letter and a combining mark; macOS names files the second
/// way. Swift considers both equal, but databases, hashes and most file systems compare bytes.
public enum NormalizedText {
    /// Normalises a text to NFC, so that equivalent texts have the same bytes.
    ///
    /// - Parameter text: Any text.
    /// - Returns: The normalised text; text in NFC is unchanged.
    public static func nfc(_ text: String) -> String {
        // The standard library uses this internally and has no public equivalent yet:
        // `UTF8Span.checkForNFC` only tests, FoundationEssentials has nothing, and full Foundation
        // is too large to load for this.
        String(decoding: text._nfcCodeUnits, as: UTF8.self)
    }
}
