import HTTPWire

/// The form of a path that is logged: without class labels, which are private names of albums.
enum LoggedPath {
    /// Replaces the label in a path.
    ///
    /// - Parameter rawPath: The path as it was sent.
    /// - Returns: The path with `{label}` in place of a class's label, and `…` in place of each
    ///   unknown segment after it.
    static func make(_ rawPath: String) -> String {
        // Decode first: the segments before the label may be percent-encoded.
        guard let segments = try? RequestTarget(rawPath).segments, segments.count > 2,
            segments.starts(with: ["v1", "classes"])
        else { return rawPath }
        let rest = segments.dropFirst(3).map { "/" + ($0 == "semantic-image" ? $0 : "…") }
        return "/v1/classes/{label}" + rest.joined()
    }
}
