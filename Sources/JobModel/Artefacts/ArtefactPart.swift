/// The part of a class's artefact that one photo gets; see ``ClassArtefact/part(for:mode:)``.
///
/// `Imported` identifies an imported picture, depending on the context: its position in the class's
/// list, its hash in the store, its bytes on the way to a codec, or its position in a codec's
/// frame. JSON: an object with one key, `generated` or `imported`.
public enum ArtefactPart<Imported: Sendable & Hashable>: Sendable, Hashable {
    /// The method generates the part from these numbers.
    case generated(ClassAssignment)
    /// The part is a picture imported for the photo's class.
    case imported(Imported)

    /// Returns the same part with another representation of an imported picture.
    ///
    /// - Parameter transform: Converts the representation.
    /// - Returns: A generated part unchanged, an imported one transformed.
    /// - Throws: The error that `transform` throws.
    public func mapImported<Other, Failure: Error>(
        _ transform: (Imported) throws(Failure) -> Other
    ) throws(Failure) -> ArtefactPart<Other> {
        switch self {
        case .generated(let assignment): .generated(assignment)
        case .imported(let imported): .imported(try transform(imported))
        }
    }
}

private enum PartKey: String, CodingKey {
    case generated, imported
}

extension ArtefactPart: Encodable where Imported: Encodable {
    /// Encodes an object with one key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: PartKey.self)
        switch self {
        case .generated(let assignment): try container.encode(assignment, forKey: .generated)
        case .imported(let imported): try container.encode(imported, forKey: .imported)
        }
    }
}

extension ArtefactPart: Decodable where Imported: Decodable {
    /// Decodes an object, which must have exactly one of the keys.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: PartKey.self)
        let assignment = try container.decodeIfPresent(ClassAssignment.self, forKey: .generated)
        let imported = try container.decodeIfPresent(Imported.self, forKey: .imported)
        switch (assignment, imported) {
        case (let assignment?, nil): self = .generated(assignment)
        case (nil, let imported?): self = .imported(imported)
        case (nil, nil), (.some, .some):
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "not exactly one part"
                )
            )
        }
    }
}
