/// The SplitMix64 generator (Steele, Lea and Flood 2014), which gives the same numbers everywhere.
public struct SplitMix64: Sendable {
    private var state: UInt64

    /// Starts with a seed.
    public init(seed: UInt64) {
        state = seed
    }

    /// Returns the next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Returns the next number in [`low`, `high`), from 53 random bits.
    public mutating func uniform(_ low: Double = 0, _ high: Double = 1) -> Double {
        low + (high - low) * (Double(next() >> 11) * 0x1p-53)
    }
}
