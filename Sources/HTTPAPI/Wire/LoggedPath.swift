import HTTPWire

/// A request's path as the log has it: without the name of a class, which is what somebody calls an album.
enum LoggedPath {
    /// Leaves the name out.
    ///
    /// - Parameter rawPath: The path as it came.
    /// - Returns: The path, with `{label}` in place of a class.
    static func make(_ rawPath: String) -> String {
        // Decoded first: the words before it may be written in other ways.
        guard let segments = try? RequestTarget(rawPath).segments, segments.count > 2,
            segments.starts(with: ["v1", "classes"])
        else { return rawPath }
        let rest = segments.dropFirst(3).map { "/" + ($0 == "semantic-image" ? $0 : "…") }
        return "/v1/classes/{label}" + rest.joined()
    }
}
