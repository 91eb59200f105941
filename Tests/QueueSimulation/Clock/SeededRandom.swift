import Glibc

/// Random numbers that depend on nothing but their seed: SplitMix64 (Steele, Lea and Flood 2014).
package struct SeededRandom: Sendable {
    private var state: UInt64

    /// Creates a sequence; equal seeds give equal sequences.
    package init(seed: UInt64) {
        state = seed
    }

    /// A sequence for one part of a run, independent of those of its other parts.
    package init(seed: UInt64, part: UInt64) {
        var random = SeededRandom(seed: seed &+ part &* 0xd134_2543_de82_ef95)
        state = random.bits()
    }

    /// The next 64 random bits.
    package mutating func bits() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Self.mixed(state)
    }

    /// A number from 0 up to, but without, 1.
    package mutating func unit() -> Double {
        Double(bits() >> 11) * 0x1p-53
    }

    /// A number from `low` up to `high`.
    package mutating func between(_ low: Double, _ high: Double) -> Double {
        low + (high - low) * unit()
    }

    /// The time until the next of events that come independently, `rate` of them in a second.
    package mutating func pause(rate: Double) -> Microseconds {
        .seconds(-log(1 - unit()) / rate)
    }

    /// Bits that depend on a value alone.
    static func mixed(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return bits ^ (bits >> 31)
    }
}
