/// The numbers from which a method makes what it needs of a class, and nothing else.
///
/// They are drawn once for a tenant's class and never change. The seeds are the tenant's secrets.
/// JSON: snake_case, seeds as decimal strings, since JSON's numbers end at 53 bits.
public struct ClassAssignment: Sendable, Hashable {
    /// The version of the generator that they were drawn for.
    public let generatorVersion: Int
    /// The tenant's own seed, shared by its classes.
    public let familySeed: UInt64
    /// The class's place among the tenant's classes of this family, from 0.
    public let classIndex: Int
    /// The seed of what is the class's, or in sample-wise mode one photo's, alone.
    public let textureSeed: UInt64

    /// Puts an assignment together.
    public init(generatorVersion: Int, familySeed: UInt64, classIndex: Int, textureSeed: UInt64) {
        self.generatorVersion = generatorVersion
        self.familySeed = familySeed
        self.classIndex = classIndex
        self.textureSeed = textureSeed
    }

    /// The same place in the same family with another texture.
    func with(textureSeed: UInt64) -> ClassAssignment {
        ClassAssignment(
            generatorVersion: generatorVersion,
            familySeed: familySeed,
            classIndex: classIndex,
            textureSeed: textureSeed
        )
    }
}

extension ClassAssignment: Codable {
    private enum CodingKeys: String, CodingKey {
        case generatorVersion = "generator_version"
        case familySeed = "family_seed"
        case classIndex = "class_index"
        case textureSeed = "texture_seed"
    }

    /// Decodes an assignment; a seed that is no decimal of 64 bits is an error.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func seed(_ key: CodingKeys) throws -> UInt64 {
            guard let value = UInt64(try container.decode(String.self, forKey: key)) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key,
                    in: container,
                    debugDescription: "not a 64-bit decimal"
                )
            }
            return value
        }
        self.init(
            generatorVersion: try container.decode(Int.self, forKey: .generatorVersion),
            familySeed: try seed(.familySeed),
            classIndex: try container.decode(Int.self, forKey: .classIndex),
            textureSeed: try seed(.textureSeed)
        )
    }

    /// Encodes the seeds as decimal strings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(generatorVersion, forKey: .generatorVersion)
        try container.encode(String(familySeed), forKey: .familySeed)
        try container.encode(classIndex, forKey: .classIndex)
        try container.encode(String(textureSeed), forKey: .textureSeed)
    }
}
