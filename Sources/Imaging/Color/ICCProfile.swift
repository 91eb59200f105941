/// Validates a colour profile without computing with it (ICC.1:2010 and ICC.1:2001-04).
///
/// The profile is treated as hostile. The checks are those of libpng and of viewers, since a PNG
/// whose profile does not fit is invalid.
struct ICCProfile {
    /// The kind of samples a picture has.
    enum Samples: String {
        case gray = "GRAY"
        case rgb = "RGB "
        case cmyk = "CMYK"
    }

    /// The profile in the form in which it is carried.
    let bytes: [UInt8]

    /// Creates a profile that fits the samples.
    ///
    /// Bytes after the profile's end are cut off. A version 4 profile is padded to a multiple of
    /// four bytes, as 7.2.2 requires.
    ///
    /// - Parameters:
    ///   - stored: The profile as stored in the file.
    ///   - samples: The kind of samples that the picture has.
    /// - Throws: The reason why the profile cannot be used.
    init(_ stored: [UInt8], for samples: Samples) throws(Fault) {
        guard let size = Self.number(stored, 0), size >= Self.headCount, size <= stored.count,
            Self.letters(stored, 36) == "acsp", stored[8] <= 4
        else { throw Fault(.damaged) }
        var bytes = Array(stored.prefix(size))
        if bytes[8] == 4, size % 4 != 0 {
            bytes += [UInt8](repeating: 0, count: 4 - size % 4)
            let count = bytes.count
            for index in 0..<4 {
                bytes[index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index))
            }
        }
        self.bytes = bytes
        guard ["scnr", "mntr", "prtr", "spac"].contains(Self.letters(bytes, 12)) else {
            throw Fault(.wrongClass)
        }
        guard Self.letters(bytes, 16) == samples.rawValue else { throw Fault(.wrongColorSpace) }
        guard ["XYZ ", "Lab "].contains(Self.letters(bytes, 20)) else { throw Fault(.damaged) }
        try check(try tags(), samples)
    }

    /// The reason why a profile cannot be used.
    struct Fault: Error, Equatable {
        let reason: Omission.Reason

        init(_ reason: Omission.Reason) {
            self.reason = reason
        }
    }

    // MARK: - Steps

    private static let headCount = 132
    /// More tags than any profile has.
    private static let maxTags = 1000

    /// Returns the byte ranges of the tags; the first tag of a name counts.
    private func tags() throws(Fault) -> [String: Range<Int>] {
        guard let count = Self.number(bytes, 128), (1...Self.maxTags).contains(count),
            Self.headCount + 12 * count <= bytes.count
        else { throw Fault(.damaged) }
        var tags: [String: Range<Int>] = [:]
        for index in 0..<count {
            let entry = Self.headCount + 12 * index
            guard let start = Self.number(bytes, entry + 4),
                let length = Self.number(bytes, entry + 8),
                start >= Self.headCount, start <= bytes.count, length <= bytes.count - start
            else { throw Fault(.damaged) }
            let name = Self.letters(bytes, entry)
            if tags[name] == nil { tags[name] = start..<start + length }
        }
        return tags
    }

    /// Checks the tags that every colour computation needs (ICC.1:2010, 8.3 to 8.5).
    private func check(_ tags: [String: Range<Int>], _ samples: Samples) throws(Fault) {
        if let table = tags["A2B0"] ?? tags["A2B1"] {
            guard ["mft1", "mft2", "mAB "].contains(Self.letters(bytes, table.lowerBound)),
                table.count >= 32
            else {
                throw Fault(.damaged)
            }
            return
        }
        let (colorants, curves): ([String], [String])
        switch samples {
        case .gray: (colorants, curves) = ([], ["kTRC"])
        case .rgb: (colorants, curves) = (["rXYZ", "gXYZ", "bXYZ"], ["rTRC", "gTRC", "bTRC"])
        case .cmyk: throw Fault(.incomplete)
        }
        for name in colorants {
            guard let tag = tags[name] else { throw Fault(.incomplete) }
            guard tag.count >= 20, Self.letters(bytes, tag.lowerBound) == "XYZ " else {
                throw Fault(.damaged)
            }
        }
        for name in curves {
            guard let tag = tags[name] else { throw Fault(.incomplete) }
            guard isCurve(tag) else { throw Fault(.damaged) }
        }
    }

    /// Whether a tag is a complete curve (ICC.1:2010, 10.5 and 10.15).
    private func isCurve(_ tag: Range<Int>) -> Bool {
        guard tag.count >= 12 else { return false }
        switch Self.letters(bytes, tag.lowerBound) {
        case "curv":
            guard let count = Self.number(bytes, tag.lowerBound + 8) else { return false }
            return count <= (tag.count - 12) / 2
        case "para":
            let kind = Int(bytes[tag.lowerBound + 8]) << 8 | Int(bytes[tag.lowerBound + 9])
            let parameters = [1, 3, 4, 5, 7]
            return parameters.indices.contains(kind) && tag.count >= 12 + 4 * parameters[kind]
        default: return false
        }
    }

    private static func number(_ bytes: [UInt8], _ offset: Int) -> Int? {
        guard offset <= bytes.count - 4 else { return nil }
        return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func letters(_ bytes: [UInt8], _ offset: Int) -> String {
        guard offset <= bytes.count - 4 else { return "" }
        return String(String.UnicodeScalarView(bytes[offset..<offset + 4].map(Unicode.Scalar.init)))
    }
}
