extension Orientation {
    /// Reads the orientation from EXIF data; anything that is not understood leaves the picture as it is stored.
    ///
    /// Only the first directory is looked at (TIFF 6.0 §2): byte order, 42, the directory's offset, and in it the
    /// entry 0x0112 with one SHORT. Every offset is checked, none is followed twice.
    ///
    /// - Parameter exif: A TIFF structure without the `Exif\0\0` in front of it.
    init(exif: [UInt8]) {
        self = Self.stored(in: TIFFBytes(exif)) ?? .asStored
    }

    private static func stored(in tiff: TIFFBytes?) -> Orientation? {
        guard let tiff, tiff.short(at: 2) == 42, let directory = tiff.long(at: 4),
            let entryCount = tiff.short(at: directory)
        else { return nil }
        for entry in 0..<entryCount {
            let offset = directory + 2 + 12 * entry
            guard let tag = tiff.short(at: offset) else { return nil }
            if tag == 0x0112 {
                let shortType = 3
                guard tiff.short(at: offset + 2) == shortType, tiff.long(at: offset + 4) == 1 else { return nil }
                return tiff.short(at: offset + 8).flatMap(Orientation.init(rawValue:))
            }
        }
        return nil
    }
}

/// Bounds-checked numbers in the byte order that a TIFF structure declares.
private struct TIFFBytes {
    private let bytes: [UInt8]
    private let isBigEndian: Bool

    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x49, 0x49]) {
            isBigEndian = false
        } else if bytes.starts(with: [0x4D, 0x4D]) {
            isBigEndian = true
        } else {
            return nil
        }
        self.bytes = bytes
    }

    func short(at offset: Int) -> Int? { number(at: offset, count: 2) }

    func long(at offset: Int) -> Int? { number(at: offset, count: 4) }

    private func number(at offset: Int, count: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - count else { return nil }
        let slice = bytes[offset..<offset + count]
        return isBigEndian
            ? slice.reduce(0) { $0 << 8 | Int($1) } : slice.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
