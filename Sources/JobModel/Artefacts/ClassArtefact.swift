public import Cryptography

/// What a method needs of a class, as a job has it from its submission to its end.
public enum ClassArtefact: Sendable, Hashable {
    /// The method makes it from the class's numbers.
    case generated(ClassAssignment)
    /// The class has imported pictures; `count` is at least 1.
    case imported(count: Int)

    /// Chooses the part that a photo gets.
    ///
    /// The store and the command line both ask here, so that they cannot disagree. Class-wise,
    /// every photo gets the class's own texture or the first picture. Sample-wise, the
    /// photo's file decides which texture or picture, so that the same file always gets the same.
    ///
    /// - Parameters:
    ///   - photo: The hash of the photo's file.
    ///   - mode: What a part is bound to.
    /// - Returns: The assignment with the photo's own texture seed, or a place in the list of
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
