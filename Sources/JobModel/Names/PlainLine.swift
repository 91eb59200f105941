extension String {
    /// Returns the beginning of a text as one line that is safe to store and show.
    ///
    /// - Parameter limit: The most bytes of UTF-8; the rest is cut off.
    /// - Returns: The text, with a blank for each control and format character.
    public func plainLine(atMost limit: Int) -> String {
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= limit else { break }
            let isControl =
                scalar.properties.generalCategory == .control
                || scalar.properties.generalCategory == .format
            kept.append(isControl ? " " : scalar)
        }
        return String(kept)
    }
}
