/// How many bits a sample has.
public enum SampleDepth: Int, Sendable, CaseIterable {
    /// 0...255, a byte.
    case eight = 8
    /// 0...65535, two bytes, the more significant first.
    case sixteen = 16

    /// Bytes of a sample.
    public var byteCount: Int { rawValue / 8 }

    /// The largest value of a sample, which is 1.
    public var largest: Int { 1 << rawValue - 1 }

    /// How many values there are to a step of 1/255: 1 or 257.
    public var countsInLevel: Int { largest / 255 }
}
