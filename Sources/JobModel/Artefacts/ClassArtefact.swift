public import Cryptography

/// The data that a method needs for a class, fixed for a job when it is submitted.
public enum ClassArtefact: Sendable, Hashable {
    /// The method generates the data from the class's numbers.
    case generated(ClassAssignment)
    /// The class has imported pictures; `count` is at least 1.
    case imported(count: Int)

    /// Chooses the part that a photo gets.
    ///
    /// The store and the command line share this function, so that they cannot disagree. In
    /// class-wise mode every photo gets the class's texture or its first picture. In sample-wise
    /// mode the photo's file determines the texture or the picture, so that the same file always
    /// gets the same one.
    ///
    /// - Parameters:
    ///   - photo: The SHA-256 digest of the photo's file.
    ///   - mode: The protection mode.
    /// - Returns: The assignment with the photo's texture seed, or a position in the list of
    ///   imported pictures, from 0.
    public func part(for photo: SHA256Digest, mode: ProtectionMode) -> ArtefactPart<Int> {
        switch (self, mode) {
        case (.generated(let assignment), .classWise): return .generated(assignment)
        case (.generated(let assignment), .sampleWise):
            return .generated(
                assignment.with(textureSeed: photo.sampleSeed(assignment.textureSeed))
            )
        case (.imported, .classWise): return .imported(0)
        case (.imported(let count), .sampleWise):
            precondition(count > 0, "a class has imported pictures, or an assignment")
            return .imported(Int(photo.sampleSeed(0) % UInt64(count)))
        }
    }
}
