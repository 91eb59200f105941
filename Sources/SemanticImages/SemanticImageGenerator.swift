public import Imaging

/// Draws semantic images, one for a class and a texture, from numbers alone.
///
/// The same numbers give the same bits on every machine. A version that has assigned images to classes
/// is never removed and never changed: another algorithm is another version beside it.
public enum SemanticImageGenerator {
    /// The version that new classes are assigned.
    public static let version = 2

    /// Draws a semantic image.
    ///
    /// - Parameters:
    ///   - familySeed: Of the tenant.
    ///   - classIndex: The class's place in the tenant's family, from 0.
    ///   - textureSeed: Of the class or of one image.
    ///   - version: Which version assigned these numbers.
    ///   - width: Columns, 1...500,000.
    ///   - height: Rows, 1...500,000.
    /// - Returns: Three channels in [0, 1].
    /// - Throws: ``SemanticImageError`` if the version is unknown or the index negative.
    public static func image(
        familySeed: UInt64,
        classIndex: Int,
        textureSeed: UInt64,
        version: Int = SemanticImageGenerator.version,
        width: Int,
        height: Int
    ) throws(SemanticImageError) -> PlanarImage {
        guard classIndex >= 0 else { throw .impossibleClassIndex(classIndex) }
        precondition(1...500_000 ~= width && 1...500_000 ~= height, "the angles stay in PortableSine's range")
        switch version {
        // Version 1 was replaced before any release; what it had assigned was assigned anew.
        case 2:
            return StrokeGenerator.image(
                familySeed: familySeed,
                classIndex: classIndex,
                textureSeed: textureSeed,
                width: width,
                height: height
            )
        default: throw .unknownVersion(version)
        }
    }
}
