/// The items of a HEIC or AVIF file, as far as they must be known before libheif reads it (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 6.6).
///
/// libheif allocates the canvas of a picture that is put together from others by what its item says, and inflates compressed metadata while it
/// reads the head. What is read here is taken for hostile, and where two readers could understand it differently it is refused.
struct HEIFContainer {
    /// What a picture is put together on.
    struct Canvas: Equatable {
        /// The item's number.
        let item: Int
        let width: Int
        let height: Int
    }

    /// The canvases of all grids and overlays.
    let canvases: [Canvas]

    /// Reads the boxes of a file.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/truncated``, ``ImagingError/Code/corrupt`` or, for compressed metadata,
    ///   ``ImagingError/Code/unsupported``.
    init(_ bytes: [UInt8]) throws(ImagingError) {
        guard let file = HEIFBoxes(bytes[...]) else { throw Self.corrupt("its boxes do not fit into each other") }
        guard let meta = try Self.only("meta", of: file) else {
            throw ImagingError(.truncated, "The picture's file ends before it says what it holds.")
        }
        // Behind the version and the flags.
        guard let children = HEIFBoxes(meta.content.dropFirst(4)), children.isWhole,
            let information = try Self.only("iinf", of: children)
        else { throw Self.corrupt("its items are not described") }
        let items = try HEIFItem.all(in: information.content)
        if items.contains(where: \.isCompressed) {
            throw ImagingError(.unsupported, "The picture has compressed metadata, which is not read; send it without.")
        }
        let derived = items.filter { $0.type == "grid" || $0.type == "iovl" }
        guard !derived.isEmpty else {
            canvases = []
            return
        }
        guard let location = try Self.only("iloc", of: children),
            let places = HEIFItemPlaces(location.content, data: try Self.only("idat", of: children)?.content)
        else { throw Self.corrupt("it does not say where its parts lie") }
        var canvases: [Canvas] = []
        for item in derived {
            guard let start = places.beginning(of: item.number, in: bytes, count: 18),
                let (width, height) = Self.size(of: item.type, start)
            else { throw Self.corrupt("it does not say how large the whole of its parts is") }
            canvases.append(Canvas(item: item.number, width: width, height: height))
        }
        self.canvases = canvases
    }

    /// The size of a grid (ISO/IEC 23008-12, 6.6.2.3.2) or of an overlay (6.6.2.2.2).
    private static func size(of type: String, _ bytes: [UInt8]) -> (width: Int, height: Int)? {
        var reader = BigEndianReader(bytes[...])
        // The version; then the flags, of which the lowest bit tells numbers of 32 bits from those of 16.
        guard reader.number(1) != nil, let flags = reader.number(1) else { return nil }
        // The rows and columns of a grid, the colour behind an overlay.
        guard reader.skip(type == "grid" ? 2 : 8) else { return nil }
        let length = flags & 1 == 1 ? 4 : 2
        guard let width = reader.number(length), let height = reader.number(length), width > 0, height > 0 else {
            return nil
        }
        return (width, height)
    }

    private static func only(_ type: String, of boxes: HEIFBoxes) throws(ImagingError) -> HEIFBoxes.Box? {
        let found = boxes.all.filter { $0.type == type }
        guard found.count <= 1 else { throw corrupt("it has two boxes of which there can be one") }
        return found.first
    }

    private static func corrupt(_ clause: String) -> ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: \(clause).")
    }
}

/// The boxes that lie one behind the other in a part of a file (ISO/IEC 14496-12, 4.2).
struct HEIFBoxes {
    struct Box {
        /// Four letters.
        let type: String
        /// What stands behind its head.
        let content: ArraySlice<UInt8>
    }

    /// The boxes that are there as a whole, in their order.
    let all: [Box]
    /// Whether nothing stands behind them.
    let isWhole: Bool

    /// Takes them apart; `nil` for a length that cannot be.
    init?(_ bytes: ArraySlice<UInt8>) {
        var boxes: [Box] = []
        var rest = bytes
        while rest.count >= 8 {
            var reader = BigEndianReader(rest)
            guard let short = reader.number(4), let type = reader.text(4) else { return nil }
            var length = short
            if short == 1 {
                guard let long = reader.number(8) else { break }
                length = long
            } else if short == 0 {
                length = rest.count
            }
            guard length >= rest.count - reader.rest.count else { return nil }
            guard length <= rest.count else { break }
            boxes.append(Box(type: type, content: reader.rest.prefix(length - (rest.count - reader.rest.count))))
            rest = rest.dropFirst(length)
        }
        all = boxes
        isWhole = rest.isEmpty
    }
}

/// An entry of the table of items (ISO/IEC 14496-12, 8.11.6).
private struct HEIFItem {
    let number: Int
    /// Four letters; none in the oldest versions of the entry.
    let type: String
    /// Whether its bytes are to be inflated.
    let isCompressed: Bool

    /// The items of a table; each number once.
    static func all(in table: ArraySlice<UInt8>) throws(ImagingError) -> [HEIFItem] {
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), reader.skip(3), reader.skip(version == 0 ? 2 : 4),
            let boxes = HEIFBoxes(reader.rest), boxes.isWhole
        else { throw damaged }
        var items: [HEIFItem] = []
        for box in boxes.all where box.type == "infe" {
            guard let item = HEIFItem(box.content) else { throw damaged }
            items.append(item)
        }
        guard Set(items.map(\.number)).count == items.count else { throw damaged }
        return items
    }

    private static var damaged: ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: its table of items cannot be read.")
    }

    private init?(_ entry: ArraySlice<UInt8>) {
        var reader = BigEndianReader(entry)
        guard let version = reader.number(1), reader.skip(3), let number = reader.number(version <= 2 ? 2 : 4),
            reader.skip(2)
        else { return nil }
        self.number = number
        var words = reader.rest
        if version >= 2 {
            guard let type = reader.text(4) else { return nil }
            self.type = type
            words = reader.rest
        } else {
            type = ""
        }
        // The name; then, of older entries and of those with a media type, that type and how it is encoded.
        let hasEncoding = version < 2 || type == "mime"
        let encoding = words.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).dropFirst(2).first
        isCompressed = hasEncoding && !(encoding?.isEmpty ?? true)
    }
}

/// Where the bytes of items lie (ISO/IEC 14496-12, 8.11.3).
private struct HEIFItemPlaces {
    private struct Place {
        /// Whether offsets count from the beginning of the box of data rather than of the file.
        let isInData: Bool
        let extents: [(offset: Int, count: Int)]
    }

    private let places: [Int: Place]
    private let data: ArraySlice<UInt8>?

    /// Reads the table; `nil` for one that cannot be, names an item twice, or has fields of a length that libheif does not read.
    init?(_ table: ArraySlice<UInt8>, data: ArraySlice<UInt8>?) {
        self.data = data
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), version <= 2, reader.skip(3), let lengths = reader.number(2) else {
            return nil
        }
        let (offsetLength, countLength, baseLength) = (lengths >> 12, lengths >> 8 & 15, lengths >> 4 & 15)
        let indexLength = version == 0 ? 0 : lengths & 15
        guard [offsetLength, countLength, baseLength].allSatisfy([0, 4, 8].contains), indexLength == 0,
            let itemCount = reader.number(version < 2 ? 2 : 4)
        else { return nil }
        var places: [Int: Place] = [:]
        for _ in 0..<itemCount {
            guard let item = reader.number(version < 2 ? 2 : 4),
                let method = version == 0 ? 0 : reader.number(2).map({ $0 & 15 }),
                reader.skip(2), let base = reader.number(baseLength), let extentCount = reader.number(2)
            else { return nil }
            var extents: [(Int, Int)] = []
            for _ in 0..<extentCount {
                guard let offset = reader.number(offsetLength), let count = reader.number(countLength) else {
                    return nil
                }
                let (start, isTooFar) = base.addingReportingOverflow(offset)
                guard !isTooFar else { return nil }
                extents.append((start, count))
            }
            guard places[item] == nil else { return nil }
            // What is put together from other items is not read by anybody.
            places[item] = Place(isInData: method == 1, extents: method <= 1 ? extents : [])
        }
        self.places = places
    }

    /// The first bytes of an item, so many if it has them; `nil` if they are not there.
    func beginning(of item: Int, in file: [UInt8], count: Int) -> [UInt8]? {
        guard let place = places[item], let source = place.isInData ? data : file[...] else { return nil }
        var bytes: [UInt8] = []
        for extent in place.extents where bytes.count < count {
            guard extent.offset <= source.count, extent.count <= source.count - extent.offset else { return nil }
            bytes += source.dropFirst(extent.offset).prefix(min(extent.count, count - bytes.count))
        }
        return bytes
    }
}
