/// Where the semantic image of a photo comes from: imported pictures win over the generator.
///
/// What stands for an imported picture depends on the place: its hash in the store, its bytes on the way to a codec, its place in
/// a list in a codec's frame. JSON: an object with one key, `generated` or `imported`.
public enum SemanticImageSource<Imported: Sendable & Hashable>: Sendable, Hashable {
    /// The generator draws it.
    case generated(SemanticImageAssignment)
    /// It is a picture that was imported for the photo's class.
    case imported(Imported)

    /// The same source with something else standing for an imported picture.
    ///
    /// - Parameter transform: What stands for it instead.
    /// - Returns: A generated source as it is, an imported one transformed.
    /// - Throws: What `transform` throws.
    public func mapImported<Other, Failure: Error>(
        _ transform: (Imported) throws(Failure) -> Other
    ) throws(Failure) -> SemanticImageSource<Other> {
        switch self {
        case .generated(let assignment): .generated(assignment)
        case .imported(let imported): .imported(try transform(imported))
        }
    }
}

private enum SourceKey: String, CodingKey {
    case generated, imported
}

extension SemanticImageSource: Encodable where Imported: Encodable {
    /// Encodes the one key.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: SourceKey.self)
        switch self {
        case .generated(let assignment): try container.encode(assignment, forKey: .generated)
        case .imported(let imported): try container.encode(imported, forKey: .imported)
        }
    }
}

extension SemanticImageSource: Decodable where Imported: Decodable {
    /// Decodes a source; both keys at once, or none, are an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: SourceKey.self)
        let assignment = try container.decodeIfPresent(SemanticImageAssignment.self, forKey: .generated)
        let imported = try container.decodeIfPresent(Imported.self, forKey: .imported)
        switch (assignment, imported) {
        case (let assignment?, nil): self = .generated(assignment)
        case (nil, let imported?): self = .imported(imported)
        case (nil, nil), (.some, .some):
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not exactly one source")
            )
        }
    }
}

extension ProtectionMode {
    /// Which of the semantic images that were imported for a class a photo gets.
    ///
    /// - Parameters:
    ///   - count: How many there are, at least 1.
    ///   - sampleSeed: The number that the photo's file has.
    /// - Returns: A place in their list, from 0: class-wise always the first, sample-wise the one that the file determines.
    public func importedIndex(among count: Int, sampleSeed: UInt64) -> Int {
        precondition(count > 0, "a class has semantic images, or the generator's")
        switch self {
        case .classWise: return 0
        case .sampleWise: return Int(sampleSeed % UInt64(count))
        }
    }
}
