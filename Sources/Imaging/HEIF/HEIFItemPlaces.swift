/// The locations of item data (ISO/IEC 14496-12, 8.11.3).
struct HEIFItemPlaces {
    /// What an item's offsets are relative to.
    private enum Origin: Int {
        case file = 0
        /// The `idat` box among the tables.
        case data = 1
        /// Another item.
        case item = 2
    }

    private struct Place {
        /// `nil` for an unknown construction method.
        let origin: Origin?
        /// Whether the bytes are in another file.
        let isElsewhere: Bool
        let base: Int
        /// The extent entries in their stored form.
        let extents: ArraySlice<UInt8>
        let extentCount: Int
    }

    private static let maxItems = 20_000
    /// The maximum nesting depth of items within items.
    private static let maxDepth = 4

    /// The remaining budget of pieces to examine; hostile tables multiply them.
    private var piecesLeft = 200_000

    private let file: Range<Int>
    private let data: Range<Int>?
    private let references: HEIFReferences
    private var places: [Int: Place] = [:]
    private let offsetLength: Int
    private let countLength: Int
    private let indexLength: Int

    /// Parses the table.
    ///
    /// - Parameters:
    ///   - table: The content of the box.
    ///   - file: The range of the whole file.
    ///   - data: The range of the `idat` box's content.
    ///   - ownSources: The data sources that are the file itself, besides source 0.
    ///   - references: The references between items.
    /// - Throws: ``ImagingError`` for a table that cannot be parsed, repeats an item or is too
    ///   long.
    init(
        _ table: ArraySlice<UInt8>,
        file: Range<Int>,
        data: Range<Int>?,
        ownSources: Set<Int>,
        references: HEIFReferences
    ) throws(ImagingError) {
        self.file = file
        self.data = data
        self.references = references
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), version <= 2, reader.skip(3),
            let lengths = reader.number(2)
        else {
            throw Self.damaged
        }
        let baseLength = lengths >> 4 & 15
        (offsetLength, countLength) = (lengths >> 12, lengths >> 8 & 15)
        indexLength = version == 0 ? 0 : lengths & 15
        guard [offsetLength, countLength, baseLength, indexLength].allSatisfy([0, 4, 8].contains),
            let itemCount = reader.number(version < 2 ? 2 : 4)
        else { throw Self.damaged }
        guard itemCount <= Self.maxItems else {
            throw ImagingError(
                .tooLarge,
                "The picture's file has \(itemCount) items; \(Self.maxItems) are allowed."
            )
        }
        let extentLength = indexLength + offsetLength + countLength
        for _ in 0..<itemCount {
            guard let item = reader.number(version < 2 ? 2 : 4),
                let method = version == 0 ? 0 : reader.number(2).map({ $0 & 15 }),
                let source = reader.number(2), let base = reader.number(baseLength),
                let extentCount = reader.number(2)
            else { throw Self.damaged }
            let extents = reader.rest.prefix(extentCount * extentLength)
            guard reader.skip(extentCount * extentLength), places[item] == nil else {
                throw Self.damaged
            }
            places[item] = Place(
                origin: Origin(rawValue: method),
                isElsewhere: method == 0 && source != 0 && !ownSources.contains(source),
                base: base,
                extents: extents,
                extentCount: extentCount
            )
        }
    }

    /// Returns the byte ranges of an item in order; none for an item missing from the table.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/truncated`` if the bytes are missing, or
    ///   ``ImagingError/Code/corrupt``, ``ImagingError/Code/unsupported`` or
    ///   ``ImagingError/Code/tooLarge``.
    mutating func ranges(of item: Int) throws(ImagingError) -> [Range<Int>] {
        try ranges(of: item, depth: 0)
    }

    private mutating func ranges(of item: Int, depth: Int) throws(ImagingError) -> [Range<Int>] {
        guard let place = places[item] else { return [] }
        if place.isElsewhere {
            throw ImagingError(
                .unsupported,
                "The picture's pixels are in another file; send one that holds them."
            )
        }
        guard let origin = place.origin else {
            throw ImagingError(
                .unsupported,
                "The picture's parts lie in a way that is not read here."
            )
        }
        guard depth < Self.maxDepth else { throw Self.damaged }
        var reader = BigEndianReader(place.extents)
        var found: [Range<Int>] = []
        for _ in 0..<place.extentCount {
            guard let index = reader.number(indexLength), let offset = reader.number(offsetLength),
                let count = reader.number(countLength)
            else { throw Self.damaged }
            let (start, isTooFar) = place.base.addingReportingOverflow(offset)
            guard !isTooFar else { throw Self.damaged }
            let source: [Range<Int>]
            piecesLeft -= 1
            switch origin {
            case .file: source = [file]
            case .data: source = data.map { [$0] } ?? []
            case .item:
                // Indices count from 1; without an index, the first reference applies.
                let sources = references.targets(of: "iloc", from: item)
                guard let other = sources.dropFirst(max(index, 1) - 1).first else {
                    throw Self.damaged
                }
                source = try ranges(of: other, depth: depth + 1)
            }
            piecesLeft -= source.count
            guard piecesLeft > 0 else {
                throw ImagingError(.tooLarge, "The picture's parts are in too many pieces.")
            }
            // If lengths have no size, the extent reaches to the end.
            found += try Self.part(of: source, from: start, count: countLength == 0 ? nil : count)
        }
        return found
    }

    /// Returns a part of data that lies in several ranges.
    private static func part(
        of source: [Range<Int>],
        from start: Int,
        count: Int?
    ) throws(ImagingError) -> [Range<Int>] {
        var (toSkip, left) = (start, count ?? .max)
        var found: [Range<Int>] = []
        for range in source {
            let skipped = min(toSkip, range.count)
            toSkip -= skipped
            let taken = min(left, range.count - skipped)
            left -= taken
            if taken > 0 {
                found.append(range.lowerBound + skipped..<range.lowerBound + skipped + taken)
            }
        }
        guard toSkip == 0, count == nil || left == 0 else {
            throw ImagingError(
                .truncated,
                "The picture's file ends before the picture is complete."
            )
        }
        return found
    }

    private static var damaged: ImagingError {
        ImagingError(
            .corrupt,
            "The picture's file is damaged: it does not say where its parts lie."
        )
    }
}
