import Glibc

extension UnsafeRawBufferPointer {
    /// Returns the offset of the first `byte` at or after `start`.
    func firstOffset(of byte: UInt8, from start: Int) -> Int? {
        guard let base = baseAddress, start < count else { return nil }
        return memchr(base + start, Int32(byte), count - start).map { UnsafeRawPointer($0) - base }
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
