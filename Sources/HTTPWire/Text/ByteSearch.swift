extension UnsafeRawBufferPointer {
    /// Returns the offset of the first `byte` at or after `start`.
    ///
    /// It tests eight bytes at a time. After the XOR, a byte of the word is zero where it matched,
    /// and the usual carry trick detects a zero byte.
    func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let wanted = ones &* UInt64(byte)
        var offset = start
        while offset + 8 <= count {
            let word = loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ wanted
            let hits = (word &- ones) & ~word & (ones << 7)
            if hits != 0 { return offset + UInt64(littleEndian: hits).trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < count {
            if self[offset] == byte { return offset }
            offset += 1
        }
        return nil
    }

    /// Returns the offset of the first whole `pattern`, which must not be empty.
    ///
    /// Whole uploads pass through here, so most bytes are not even looked at (Horspool, "Practical
    /// fast searching in strings", 1980).
    func firstOffset(of pattern: [UInt8]) -> Int? {
        let last = pattern.count - 1
        // How far the pattern may move if its end meets a byte.
        var steps = [Int](repeating: pattern.count, count: 256)
        for (index, byte) in pattern.dropLast().enumerated() { steps[Int(byte)] = last - index }
        var end = last
        while end < count {
            let byte = self[end]
            if byte == pattern[last], hasPrefix(of: pattern, at: end - last) { return end - last }
            end += steps[Int(byte)]
        }
        return nil
    }

    /// Whether `pattern`, or as much of it as fits before the end, is at `offset`.
    func hasPrefix(of pattern: [UInt8], at offset: Int) -> Bool {
        var index = 0
        while index < pattern.count, offset + index < count {
            if self[offset + index] != pattern[index] { return false }
            index += 1
        }
        return true
    }
}
