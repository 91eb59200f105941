import Glibc

extension ReceiveBuffer {
    /// Where a pattern is, or may still come to be.
    enum Match: Equatable {
        /// The first occurrence begins at this offset.
        case found(Int)
        /// There is none yet; bytes before this offset cannot belong to one.
        case possible(Int)
    }

    /// Finds the first occurrence of `pattern`, which is not empty.
    func search(for pattern: [UInt8]) -> Match {
        withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count, let base = bytes.baseAddress {
                guard let hit = memchr(base + offset, Int32(pattern[0]), bytes.count - offset) else { break }
                offset = base.distance(to: UnsafeRawPointer(hit))
                let available = min(pattern.count, bytes.count - offset)
                let matches = pattern.withUnsafeBytes { memcmp(base + offset, $0.baseAddress ?? base, available) == 0 }
                if matches { return available == pattern.count ? .found(offset) : .possible(offset) }
                offset += 1
            }
            return .possible(bytes.count)
        }
    }
}
