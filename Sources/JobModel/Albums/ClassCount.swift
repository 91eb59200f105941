/// How many photos of a job, or of a call, have a class.
///
/// JSON: `{"class", "images"}`.
public struct ClassCount: Codable, Sendable, Hashable {
    private enum CodingKeys: String, CodingKey {
        case label = "class"
        case images
    }

    /// The most classes that a job lists.
    public static let maxListed = 1000

    /// The class.
    public let label: ClassLabel
    /// How many photos have it.
    public let images: Int

    /// Names a count.
    public init(label: ClassLabel, images: Int) {
        self.label = label
        self.images = images
    }

    /// Counts the photos of each class, in the order in which the classes were first seen.
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
