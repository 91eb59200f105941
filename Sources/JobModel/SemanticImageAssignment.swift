/// Which generated semantic image a class has: everything the generator needs, and nothing else.
///
/// It is drawn once for a tenant's class and never changes. The seeds are secrets of the tenant. JSON: snake_case, the seeds as
/// decimal strings, because JSON's numbers end at 53 bits.
public struct SemanticImageAssignment: Sendable, Hashable {
    /// The version of the generator.
    public let generatorVersion: Int
    /// The tenant's own seed, from which the outlines of all its classes are permuted.
    public let familySeed: UInt64
    /// The class's place in the tenant's family, from 0, unlike any other class's of that tenant.
    public let classIndex: Int
    /// The seed of the class's texture.
    public let textureSeed: UInt64

    /// Puts an assignment together.
    public init(generatorVersion: Int, familySeed: UInt64, classIndex: Int, textureSeed: UInt64) {
        self.generatorVersion = generatorVersion
        self.familySeed = familySeed
        self.classIndex = classIndex
        self.textureSeed = textureSeed
    }
}

extension SemanticImageAssignment: Codable {
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
