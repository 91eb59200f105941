import JobModel
import SemanticImages

/// The body of `PUT /v1/classes/{label}`: the assignment that the class has elsewhere.
struct ClassRequest: Decodable, Sendable {
    private enum Name: String, CodingKey, CaseIterable {
        case generatorVersion = "generator_version"
        case familySeed = "family_seed"
        case classIndex = "class_index"
        case textureSeed = "texture_seed"
    }

    private static let generatorVersion = SemanticImageGenerator.version
    /// The accepted indices.
    ///
    /// A new class gets its key's highest index plus one; the bound leaves room for that.
    private static let classIndices = 0...999_999

    let assignment: ClassAssignment

    /// Decodes and checks the body.
    ///
    /// - Throws: ``APIError`` (400) that names the member.
    init(from decoder: any Decoder) throws {
        let members = try JSONMembers<Name>(decoder)
        let versionDetail =
            "The generator_version must be \(Self.generatorVersion), the one that this service has."
        guard let version = try members.value(.generatorVersion, as: Int.self, versionDetail),
            version == Self.generatorVersion
        else { throw APIError.parameterInvalid(Name.generatorVersion.rawValue, versionDetail) }
        let indexDetail =
            "The class_index must be a whole number from 0 to \(Self.classIndices.upperBound)."
        guard let index = try members.value(.classIndex, as: Int.self, indexDetail),
            Self.classIndices.contains(index)
        else { throw APIError.parameterInvalid(Name.classIndex.rawValue, indexDetail) }
        func seed(_ name: Name) throws -> UInt64 {
            let detail =
                "The \(name.rawValue) must be a string of decimal digits, below 2 to the 64th."
            guard let text = try members.value(name, as: String.self, detail),
                let seed = UInt64(text),
                String(seed) == text
            else { throw APIError.parameterInvalid(name.rawValue, detail) }
            return seed
        }
        assignment = ClassAssignment(
            generatorVersion: version,
            familySeed: try seed(.familySeed),
            classIndex: index,
            textureSeed: try seed(.textureSeed)
        )
    }
}
