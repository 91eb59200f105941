/// A semantic image, and what the first block of a network adds to any cover for it.
public struct PreparedSecret: Sendable {
    /// The number of columns of the semantic image.
    public let width: Int

    /// The number of rows of the semantic image.
    public let height: Int

    /// The wavelet coefficients of the image: 12 planes of half its size, rounded up.
    let coefficients: [Float]

    /// The output of the first `phi`, to be added to the cover's coefficients; the same shape.
    let carrier: [Float]

    /// The memory that the planes occupy, in bytes.
    public var byteCount: Int { (coefficients.count + carrier.count) * MemoryLayout<Float>.stride }
}
