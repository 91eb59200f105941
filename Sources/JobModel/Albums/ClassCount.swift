/// The number of photos in a class, within a job or a run.
///
/// JSON: `{"class", "images"}`.
public struct ClassCount: Codable, Sendable, Hashable {
    private enum CodingKeys: String, CodingKey {
        case label = "class"
        case images
    }

    /// The maximum number of classes that a job lists.
    public static let maxListed = 1000

    /// The class.
    public let label: ClassLabel
    /// The number of photos.
    public let images: Int

    /// Creates a count.
    public init(label: ClassLabel, images: Int) {
        self.label = label
        self.images = images
    }

    /// Counts the photos of each class, in order of first appearance.
    ///
    /// - Parameter labels: The class of each photo.
    /// - Returns: A count for each class that occurs.
    public static func of(_ labels: some Sequence<ClassLabel>) -> [ClassCount] {
        var order: [ClassLabel] = []
        var counts: [ClassLabel: Int] = [:]
        for label in labels {
            if counts[label] == nil { order.append(label) }
            counts[label, default: 0] += 1
        }
        return order.map { ClassCount(label: $0, images: counts[$0] ?? 0) }
    }
}
