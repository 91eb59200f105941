import JobModel
import Methods

/// What the weights files of all fitted methods state: classes, mask, working size, licence.
struct FittedUse: Sendable {
    /// The classes in the order of the file.
    let classes: [ClassLabel]
    /// The mask and the working size that the file is for.
    let use: WeightsUse
    /// What the file states about itself.
    let statement: WeightsStatement

    private let indices: [ClassLabel: Int]

    /// Reads a file's metadata, treated as hostile.
    ///
    /// - Throws: `WeightsError`.
    init(_ metadata: [String: String]) throws(WeightsError) {
        guard metadata["format_version"] == "1" else {
            throw WeightsError(.unsupported, "the metadata's format_version is not 1")
        }
        classes = try ClassList.labels(in: metadata["classes"])
        indices = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let sizes = ProtectionSettings.workingSizes
        guard let size = metadata["working_size"].flatMap({ Int($0) }), sizes ~= size else {
            throw WeightsError(
                .unsupported,
                "the metadata's working_size is not between \(sizes.lowerBound) and "
                    + "\(sizes.upperBound)"
            )
        }
        use = WeightsUse(photoMask: .perceptual, workingSize: size)
        statement = WeightsStatement(
            licence: metadata["licence"] ?? "",
            photoMask: .perceptual,
            training: metadata["training"] ?? "",
            classes: classes,
            protection: metadata["protection"] ?? ""
        )
    }

    /// Returns the place of a class in the file.
    ///
    /// - Throws: `ImageFailure` with `class_not_fitted`.
    func index(of label: ClassLabel) throws(ImageFailure) -> Int {
        guard let index = indices[label] else { throw .notFitted(label, among: classes) }
        return index
    }
}

extension ImageFailure {
    /// The classes that a message names before it only counts the others.
    private static let namedClasses = 10

    /// A photo of a class that the model was not fitted to.
    fileprivate static func notFitted(
        _ label: ClassLabel,
        among classes: [ClassLabel]
    ) -> ImageFailure {
        let named = classes.prefix(namedClasses).map(\.text).joined(separator: ", ")
        let others = classes.count - namedClasses
        return ImageFailure(
            code: "class_not_fitted",
            detail: "The model was not fitted to the class \(label.text), but to \(named)"
                + (others > 0 ? " and \(others) more" : "")
                + ". Send the photo with another model, or fit one to a set with this class."
        )
    }
}
