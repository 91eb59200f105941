/// The number of bits per sample.
public enum SampleDepth: Int, Sendable, CaseIterable {
    /// 0...255, one byte.
    case eight = 8
    /// 0...65535, two bytes, big-endian.
    case sixteen = 16

    /// Bytes per sample.
    public var byteCount: Int { rawValue / 8 }

    /// The largest sample value, which stands for 1.
    public var largest: Int { 1 << rawValue - 1 }

    /// The number of values per step of 1/255: 1 or 257.
    public var countsInLevel: Int { largest / 255 }
}
