/// What one photo gets of its class's artefact; see ``ClassArtefact/part(for:mode:)``.
///
/// What stands for an imported picture depends on the place: its position in the class's list, its
/// hash in the store, its bytes on the way to a codec, its position in a codec's frame.
/// JSON: an object with one key, `generated` or `imported`.
public enum ArtefactPart<Imported: Sendable & Hashable>: Sendable, Hashable {
    /// The method makes it from these numbers.
    case generated(ClassAssignment)
    /// It is a picture that was imported for the photo's class.
    case imported(Imported)

    /// The same part with something else standing for an imported picture.
    ///
    /// - Parameter transform: What stands for it instead.
    /// - Returns: A generated part as it is, an imported one transformed.
    /// - Throws: What `transform` throws.
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
    /// Encodes the one key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: PartKey.self)
        switch self {
        case .generated(let assignment): try container.encode(assignment, forKey: .generated)
        case .imported(let imported): try container.encode(imported, forKey: .imported)
        }
    }
}

extension ArtefactPart: Decodable where Imported: Decodable {
    /// Decodes a part; both keys at once, or none, are an error.
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
