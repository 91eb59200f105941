extension UnsafeRawBufferPointer {
    /// Returns the offset of the first `byte` at or after `start`.
    ///
    /// Whole uploads pass through here, so it tests eight bytes at a time. After the XOR, a byte of
    /// the word is zero where it matched, and the usual carry trick detects a zero byte.
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
