/// A semantic image and what the first block of a network adds to any cover for it.
public struct PreparedSecret: Sendable {
    /// Columns of the semantic image.
    public let width: Int

    /// Rows of the semantic image.
    public let height: Int

    /// Its wavelet coefficients: 12 planes of half its size, rounded up.
    let coefficients: [Float]

    /// What is added to the cover's coefficients: as many.
    let carrier: [Float]

    /// The memory that it takes.
    public var byteCount: Int { (coefficients.count + carrier.count) * MemoryLayout<Float>.stride }
}
