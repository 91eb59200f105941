/// The numbers from which a method generates everything it needs for a class.
///
/// They are drawn once for a tenant's class and never change. The seeds are secrets of the tenant.
/// JSON: snake_case, with seeds as decimal strings, because JSON numbers are exact only to 53 bits
/// (RFC 8259 section 6).
public struct ClassAssignment: Sendable, Hashable {
    /// The version of the generator for which the numbers were drawn.
    public let generatorVersion: Int
    /// The tenant's seed, shared by all its classes.
    public let familySeed: UInt64
    /// The index of the class among the tenant's classes of this family, from 0.
    public let classIndex: Int
    /// The seed of the class's texture, or in sample-wise mode of one photo's.
    public let textureSeed: UInt64

    /// Creates an assignment.
    public init(generatorVersion: Int, familySeed: UInt64, classIndex: Int, textureSeed: UInt64) {
        self.generatorVersion = generatorVersion
        self.familySeed = familySeed
        self.classIndex = classIndex
        self.textureSeed = textureSeed
    }

    /// Returns the same assignment with another texture seed.
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

    /// Decodes an assignment; a seed must be a decimal number below 2^64.
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
