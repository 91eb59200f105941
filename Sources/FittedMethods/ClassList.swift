import FoundationEssentials
import JobModel
import Methods

/// The classes of a fitted weights file.
enum ClassList {
    /// Reads the labels from the metadata.
    ///
    /// - Parameter text: A JSON array of 2 to `WeightsStatement.maxClasses` different labels.
    /// - Returns: The labels in their order.
    /// - Throws: `WeightsError`.
    static func labels(in text: String?) throws(WeightsError) -> [ClassLabel] {
        let limit = WeightsStatement.maxClasses
        let names = text.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
        let labels = (names ?? []).compactMap { try? ClassLabel($0) }
        guard labels.count == names?.count, 2...limit ~= labels.count,
            Set(labels).count == labels.count
        else {
            throw WeightsError(
                .unsupported,
                "the metadata's classes are not a JSON array of 2 to \(limit) different classes"
            )
        }
        return labels
    }
}
