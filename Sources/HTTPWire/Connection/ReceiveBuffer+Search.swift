extension ReceiveBuffer {
    /// Where a pattern is, or may yet appear.
    enum Match: Equatable {
        /// The first occurrence begins at this offset.
        case found(Int)
        /// There is none yet; no occurrence can begin before this offset.
        case possible(Int)
    }

    /// Finds the first occurrence of the nonempty `pattern`.
    func search(for pattern: [UInt8]) -> Match {
        withUnsafeBytes { bytes in
            if let hit = bytes.firstOffset(of: pattern) { return .found(hit) }
            var offset = max(0, bytes.count - pattern.count + 1)
            while let hit = bytes.firstOffset(of: pattern[0], from: offset) {
                if bytes.hasPrefix(of: pattern, at: hit) { return .possible(hit) }
                offset = hit + 1
            }
            return .possible(bytes.count)
        }
    }
}
