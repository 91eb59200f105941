/// Why an image was not protected, passed from the codec to the user.
///
/// JSON: `{"code", "detail"}`.
public struct ImageFailure: Error, Codable, Sendable, Hashable {
    /// A stable snake_case code, such as `image_truncated`.
    public let code: String
    /// A sentence for people.
    public let detail: String

    /// Creates a failure.
    public init(code: String, detail: String) {
        self.code = code
        self.detail = detail
    }

    /// An image whose protection repeatedly killed its process.
    public static let quarantined = ImageFailure(
        code: "image_quarantined",
        detail: "Protecting this image ended its process repeatedly, so it was set aside."
    )

    /// An image that was being protected each time the service was killed.
    public static let interrupted = ImageFailure(
        code: "image_interrupted",
        detail:
            "The service was killed repeatedly while it protected this image, so it was set aside."
    )
}

extension ImageFailure: CustomStringConvertible {
    /// The code and the sentence, as `code: detail`.
    public var description: String { "\(code): \(detail)" }
}
