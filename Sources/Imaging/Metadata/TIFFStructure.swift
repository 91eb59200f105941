/// A TIFF structure such as EXIF (TIFF 6.0 §2).
///
/// It holds numbers in the byte order that it declares, and directories of tagged values. It is
/// treated as hostile: every offset is checked, and nothing is followed twice.
struct TIFFStructure {
    /// An entry of a directory.
    struct Entry {
        /// The offset at which it begins.
        let offset: Int
        let tag: Int
        /// 2 is text, 3 a 16-bit number, 4 a 32-bit number.
        let type: Int
        let count: Int
    }

    /// The bytes; values can change, but nothing can be added.
    private(set) var bytes: [UInt8]
    private let isBigEndian: Bool

    /// Creates a structure; `nil` unless the bytes are one.
    ///
    /// - Parameter bytes: A structure without the leading `Exif\0\0`.
    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x49, 0x49]) {
            isBigEndian = false
        } else if bytes.starts(with: [0x4D, 0x4D]) {
            isBigEndian = true
        } else {
            return nil
        }
        self.bytes = bytes
        guard short(at: 2) == 42 else { return nil }
    }

    // MARK: - Directories

    /// The offset of the first directory.
    var firstDirectory: Int? { long(at: 4) }

    /// Returns the entries of a directory that lie inside the structure; `nil` if the directory
    /// does not.
    func entries(at directory: Int) -> [Entry]? {
        guard let count = short(at: directory) else { return nil }
        return (0..<count).compactMap { index in
            let offset = directory + 2 + 12 * index
            guard let tag = short(at: offset), let type = short(at: offset + 2),
                let count = long(at: offset + 4),
                short(at: offset + 8) != nil
            else { return nil }
            return Entry(offset: offset, tag: tag, type: type, count: count)
        }
    }

    /// Returns the offset of a directory's link to the next one; `nil` if the structure ends before
    /// it.
    func link(behind directory: Int) -> Int? {
        guard let count = short(at: directory) else { return nil }
        let offset = directory + 2 + 12 * count
        return long(at: offset) == nil ? nil : offset
    }

    // MARK: - Values

    /// Returns the only number of a 16-bit or 32-bit entry.
    func number(_ entry: Entry) -> Int? {
        guard entry.count == 1 else { return nil }
        switch entry.type {
        case 3: return short(at: entry.offset + 8)
        case 4: return long(at: entry.offset + 8)
        default: return nil
        }
    }

    /// Returns the numbers of a 16-bit or 32-bit entry; none for other types or outside the
    /// structure.
    func numbers(_ entry: Entry) -> [Int] {
        // Type 13 is a 32-bit directory offset.
        guard let size = [3: 2, 4: 4, 13: 4][entry.type], entry.count <= bytes.count / size,
            let start = entry.count * size <= 4 ? entry.offset + 8 : long(at: entry.offset + 8)
        else { return [] }
        return (0..<entry.count).compactMap { number(at: start + size * $0, count: size) }
    }

    /// Returns the byte range of an entry of undefined bytes (type 7); `nil` for other types or
    /// outside.
    func place(of entry: Entry) -> Range<Int>? {
        guard entry.type == 7,
            let start = entry.count <= 4 ? entry.offset + 8 : long(at: entry.offset + 8),
            start <= bytes.count, entry.count <= bytes.count - start
        else { return nil }
        return start..<start + entry.count
    }

    /// Returns the byte range of an entry's values, of any type; `nil` outside the structure.
    func extent(of entry: Entry) -> Range<Int>? {
        let sizes = [
            1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
        ]
        guard let size = sizes[entry.type], entry.count <= bytes.count / size,
            let start = entry.count * size <= 4 ? entry.offset + 8 : long(at: entry.offset + 8),
            start <= bytes.count - entry.count * size
        else { return nil }
        return start..<start + entry.count * size
    }

    /// Returns the text of an entry, without its terminator.
    func text(_ entry: Entry) -> ArraySlice<UInt8>? {
        guard entry.type == 2,
            let start = entry.count <= 4 ? entry.offset + 8 : long(at: entry.offset + 8),
            start <= bytes.count - entry.count
        else { return nil }
        return bytes[start..<start + entry.count].prefix { $0 != 0 }
    }

    /// Changes the only number of an entry; does nothing for other entries.
    mutating func set(_ entry: Entry, to value: Int) {
        guard entry.count == 1 else { return }
        switch entry.type {
        case 3: write(value, at: entry.offset + 8, count: 2)
        case 4: write(value, at: entry.offset + 8, count: 4)
        default: return
        }
    }

    /// Removes an entry from its directory; later entries and the link move up.
    mutating func remove(_ entry: Entry, from directory: Int) {
        guard let count = short(at: directory), count > 0, let link = link(behind: directory) else {
            return
        }
        let next = entry.offset + 12
        guard entry.offset >= directory + 2, next <= link else { return }
        bytes.replaceSubrange(entry.offset..<link - 8, with: bytes[next..<link + 4])
        bytes.replaceSubrange(link - 8..<link + 4, with: repeatElement(0, count: 12))
        write(count - 1, at: directory, count: 2)
    }

    /// Ends the chain of directories at an offset returned by ``link(behind:)``.
    mutating func cut(linkAt offset: Int) {
        write(0, at: offset, count: 4)
    }

    /// Zeroes bytes inside the structure; cuts them off if they lie at its end.
    mutating func erase(from start: Int, count: Int) {
        guard start >= 8, start < bytes.count, count > 0 else { return }
        let end = min(bytes.count, start + count)
        if end == bytes.count {
            bytes.removeLast(end - start)
        } else {
            bytes.replaceSubrange(start..<end, with: repeatElement(0, count: end - start))
        }
    }

    /// Replaces bytes by the same number of others.
    mutating func replace(_ place: Range<Int>, by other: [UInt8]) {
        precondition(place.count == other.count, "no byte is added")
        bytes.replaceSubrange(place, with: other)
    }

    // MARK: - Numbers

    func short(at offset: Int) -> Int? { number(at: offset, count: 2) }

    func long(at offset: Int) -> Int? { number(at: offset, count: 4) }

    private func number(at offset: Int, count: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        let slice = bytes[offset..<offset + count]
        return isBigEndian
            ? slice.reduce(0) { $0 << 8 | Int($1) }
            : slice.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func write(_ value: Int, at offset: Int, count: Int) {
        guard offset >= 0, offset <= bytes.count - count else { return }
        for index in 0..<count {
            let shift = 8 * (isBigEndian ? count - 1 - index : index)
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
        }
    }
}
