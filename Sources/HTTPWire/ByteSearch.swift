extension UnsafeRawBufferPointer {
    /// The offset of the first `byte` at or after `start`.
    ///
    /// Looks at eight bytes at a time, since whole uploads pass through here: a byte of the word is zero after the XOR where
    /// it was the one that is looked for, and the usual carry trick shows whether there is such a byte.
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

    /// Whether `pattern`, or as much of it as there is room for, stands at `offset`.
    func hasPrefix(of pattern: [UInt8], at offset: Int) -> Bool {
        var index = 0
        while index < pattern.count, offset + index < count {
            if self[offset + index] != pattern[index] { return false }
            index += 1
        }
        return true
    }
}
