/// The JPEG segments that hold metadata and profiles.
struct JPEGSegments {
    /// The segments' contents without their signatures.
    private var all: [(kind: Kind, content: [UInt8])] = []

    /// The recognised kinds.
    enum Kind: CaseIterable {
        /// Exif 2.32, 4.7.2.
        case exif
        /// XMP part 3, 1.1.3.
        case xmp
        /// XMP part 3, 1.1.3.1.
        case extendedXMP
        /// ICC.1:2010, B.4.
        case profile

        /// The segment's number: APP1 or APP2.
        var number: Int { self == .profile ? 2 : 1 }

        /// The segment's signature.
        var mark: [UInt8] {
            switch self {
            case .exif: Array("Exif\0\0".utf8)
            case .xmp: Array("http://ns.adobe.com/xap/1.0/\0".utf8)
            case .extendedXMP: Array("http://ns.adobe.com/xmp/extension/\0".utf8)
            case .profile: Array("ICC_PROFILE\0".utf8)
            }
        }
    }

    /// Adds a segment if it is of a recognised kind.
    ///
    /// - Parameters:
    ///   - number: The number of its APP marker.
    ///   - content: The content of the segment.
    mutating func add(number: Int, _ content: some Collection<UInt8>) {
        let kind = Kind.allCases.first { $0.number == number && content.starts(with: $0.mark) }
        if let kind { all.append((kind, Array(content.dropFirst(kind.mark.count)))) }
    }

    /// Returns the first nonempty segment of a kind.
    func first(_ kind: Kind) -> [UInt8]? {
        all.first { $0.kind == kind && !$0.content.isEmpty }?.content
    }

    /// The profile, assembled from its pieces in numerical order.
    ///
    /// A duplicated piece counts once; a single piece counts whatever its number.
    var profile: ColorStatements.Profile? {
        let pieces = all.filter { $0.kind == .profile }.map(\.content)
        guard !pieces.isEmpty else { return nil }
        // A piece begins with its number, counted from 1, and the total.
        if pieces.count == 1, let only = pieces.first { return .stored(Array(only.dropFirst(2))) }
        var numbered: [Int: [UInt8]] = [:]
        var totals: Set<UInt8> = []
        for piece in pieces {
            guard piece.count >= 2 else { return .unusable(.damaged) }
            totals.insert(piece[1])
            let (number, content) = (Int(piece[0]), Array(piece.dropFirst(2)))
            guard numbered[number] ?? content == content else { return .unusable(.damaged) }
            numbered[number] = content
        }
        guard totals.count == 1, let total = totals.first.map(Int.init), numbered.count == total,
            numbered.keys.allSatisfy({ (1...total).contains($0) })
        else { return .unusable(.damaged) }
        return .stored((1...total).flatMap { numbered[$0] ?? [] })
    }
}
