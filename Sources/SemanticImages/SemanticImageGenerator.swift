public import Imaging

/// Draws the semantic image of a class and a texture from numbers alone.
///
/// The same numbers give the same bits on every machine. A version that has been assigned to
/// classes is never removed or changed; a new algorithm becomes a new version.
public enum SemanticImageGenerator {
    /// The version assigned to new classes.
    public static let version = 2

    /// The versions that this program draws.
    ///
    /// Version 1 was replaced before any release, and its classes were reassigned.
    public static let versions = 2...3

    /// Draws a semantic image.
    ///
    /// - Parameters:
    ///   - familySeed: The tenant's seed.
    ///   - classIndex: The index of the class in the tenant's family, from 0.
    ///   - textureSeed: The seed of the class's or one image's texture.
    ///   - version: The generator version that assigned these numbers.
    ///   - width: The number of columns, 1...500,000.
    ///   - height: The number of rows, 1...500,000.
    /// - Returns: Three channels in [0, 1].
    /// - Throws: ``SemanticImageError`` if the version is unknown or the index is negative.
    public static func image(
        familySeed: UInt64,
        classIndex: Int,
        textureSeed: UInt64,
        version: Int = SemanticImageGenerator.version,
        width: Int,
        height: Int
    ) throws(SemanticImageError) -> PlanarImage {
        guard classIndex >= 0 else { throw .impossibleClassIndex(classIndex) }
        precondition(
            1...500_000 ~= width && 1...500_000 ~= height,
            "the angles stay in PortableSine's range"
        )
        switch version {
        case 2:
            return StrokeGenerator.image(
                familySeed: familySeed,
                classIndex: classIndex,
                textureSeed: textureSeed,
                width: width,
                height: height
            )
        case 3:
            return CollageGenerator.image(
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
