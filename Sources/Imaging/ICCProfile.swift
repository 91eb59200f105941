/// Looks whether a colour profile can be used for a picture, without computing anything by it (ICC.1:2010 and ICC.1:2001-04).
///
/// It is taken for hostile. What is looked at is what libpng and the viewers look at: a PNG with a profile that does not fit is not valid.
struct ICCProfile {
    /// What samples a picture has.
    enum Samples: String {
        case gray = "GRAY"
        case rgb = "RGB "
        case cmyk = "CMYK"
    }

    /// The profile, as it is to be carried.
    let bytes: [UInt8]

    /// Takes a profile that fits the samples.
    ///
    /// What stands behind the profile's end is cut off, and one of version 4 is filled up to a multiple of four bytes, as 7.2.2 wants it.
    ///
    /// - Parameters:
    ///   - stored: What the file has.
    ///   - samples: What the picture has.
    /// - Throws: Why it cannot be used.
    init(_ stored: [UInt8], for samples: Samples) throws(Fault) {
        guard let size = Self.number(stored, 0), size >= Self.headCount, size <= stored.count,
            Self.letters(stored, 36) == "acsp", stored[8] <= 4
        else { throw Fault(.damaged) }
        var bytes = Array(stored.prefix(size))
        if bytes[8] == 4, size % 4 != 0 {
            bytes += [UInt8](repeating: 0, count: 4 - size % 4)
            let count = bytes.count
            for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: count >> (24 - 8 * index)) }
        }
        self.bytes = bytes
        guard ["scnr", "mntr", "prtr", "spac"].contains(Self.letters(bytes, 12)) else { throw Fault(.wrongClass) }
        guard Self.letters(bytes, 16) == samples.rawValue else { throw Fault(.wrongColorSpace) }
        guard ["XYZ ", "Lab "].contains(Self.letters(bytes, 20)) else { throw Fault(.damaged) }
        try check(try tags(), samples)
    }

    /// Why a profile cannot be used.
    struct Fault: Error, Equatable {
        let reason: Omission.Reason

        init(_ reason: Omission.Reason) {
            self.reason = reason
        }
    }

    // MARK: - Steps

    private static let headCount = 132
    /// More than any profile has.
    private static let maxTags = 1000

    /// Where the tags lie, the first of each name.
    private func tags() throws(Fault) -> [String: Range<Int>] {
        guard let count = Self.number(bytes, 128), (1...Self.maxTags).contains(count),
            Self.headCount + 12 * count <= bytes.count
        else { throw Fault(.damaged) }
        var tags: [String: Range<Int>] = [:]
        for index in 0..<count {
            let entry = Self.headCount + 12 * index
            guard let start = Self.number(bytes, entry + 4), let length = Self.number(bytes, entry + 8),
                start >= Self.headCount, start <= bytes.count, length <= bytes.count - start
            else { throw Fault(.damaged) }
            let name = Self.letters(bytes, entry)
            if tags[name] == nil { tags[name] = start..<start + length }
        }
        return tags
    }

    /// Looks for the tags without which nothing can be computed (ICC.1:2010, 8.3 to 8.5).
    private func check(_ tags: [String: Range<Int>], _ samples: Samples) throws(Fault) {
        if let table = tags["A2B0"] ?? tags["A2B1"] {
            guard ["mft1", "mft2", "mAB "].contains(Self.letters(bytes, table.lowerBound)), table.count >= 32 else {
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
            guard tag.count >= 20, Self.letters(bytes, tag.lowerBound) == "XYZ " else { throw Fault(.damaged) }
        }
        for name in curves {
            guard let tag = tags[name] else { throw Fault(.incomplete) }
            guard isCurve(tag) else { throw Fault(.damaged) }
        }
    }

    /// Whether a tag is a curve that is all there (ICC.1:2010, 10.5 and 10.15).
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
