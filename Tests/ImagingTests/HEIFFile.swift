import Testing

@testable import Imaging

/// Writes HEICs that no encoder here would: any items, properties, references and location tables.
struct HEIFFile {
    struct Item {
        var number: Int
        var type: String
        var data: [UInt8] = []
        /// Property indices from 1, with 0x8000 for essential ones.
        var properties: [Int] = []
        /// 0: in the file, 1: in the `idat` box, 2: in the item that `references` names with
        /// `iloc`.
        var method = 0
        /// For method 2, the ranges of the item's bytes in the other item: an offset and a length
        /// each.
        var extents: [(Int, Int)] = []
        var mediaType: String?
        var encoding: String?
        var protection = 0
    }

    var items: [Item] = []
    var properties: [(type: String, content: [UInt8])] = []
    var references: [(type: String, source: Int, targets: [Int])] = []
    var primary = 1
    /// The version of the location table, and the size of its offsets and lengths in bytes.
    var placesVersion = 1
    var offsetLength = 4
    /// Whether offsets are relative to a base.
    var usesBase = false
    /// Whether the data of items in the file are split into two pieces, the second stored before
    /// the first.
    var splits = false
    /// The data source's index, and the data information box.
    var source = 0
    var sources: [UInt8] = []
    /// Whether item IDs have 32 bits in all tables.
    var isWide = false
    /// The bytes after the last box.
    var tail: [UInt8] = []

    /// Returns only the tiles of `grid.heic` and the grid.
    static func grid() throws -> HEIFFile {
        let bytes = try Fixture.bytes("grid.heic")
        let picture = try HEIFPicture(bytes, limits: ImageLimits())
        var file = HEIFFile()
        file.properties = [
            (
                "hvcC",
                Array(
                    try #require(picture.images[1].properties.first { $0.type == "hvcC" }).content
                )
            ),
            ("ispe", size(64, 64)), ("ispe", size(150, 100)), ("pixi", [0, 0, 0, 0, 3, 8, 8, 8]),
        ]
        file.primary = 7
        for (number, tile) in picture.images.dropFirst().enumerated() {
            let data = try #require(picture.bytes(at: tile.ranges, atMost: .max))
            file.items.append(
                Item(number: number + 1, type: "hvc1", data: data, properties: [0x8001, 2, 4])
            )
        }
        file.items.append(
            Item(
                number: 7,
                type: "grid",
                data: canvas(2, 3, 150, 100),
                properties: [3, 4],
                method: 1
            )
        )
        file.references = [("dimg", 7, [1, 2, 3, 4, 5, 6])]
        return file
    }

    static func size(_ width: Int, _ height: Int) -> [UInt8] {
        [0, 0, 0, 0] + number(width, 4) + number(height, 4)
    }

    static func canvas(_ rows: Int, _ columns: Int, _ width: Int, _ height: Int) -> [UInt8] {
        [0, 0, UInt8(rows - 1), UInt8(columns - 1)] + number(width, 2) + number(height, 2)
    }

    static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        number(8 + content.count, 4) + Array(type.utf8) + content
    }

    static func full(
        _ type: String,
        _ version: Int,
        _ content: [UInt8],
        flags: Int = 0
    ) -> [UInt8] {
        box(type, number(version << 24 | flags, 4) + content)
    }

    /// Adds an item and returns its ID.
    mutating func add(
        _ type: String,
        _ data: [UInt8] = [],
        properties: [Int] = [],
        method: Int = 0
    ) -> Int {
        let number = (items.map(\.number).max() ?? 0) + 1
        items.append(
            Item(number: number, type: type, data: data, properties: properties, method: method)
        )
        return number
    }

    /// Adds a property and returns its index.
    mutating func add(property type: String, _ content: [UInt8]) -> Int {
        properties.append((type, content))
        return properties.count
    }

    /// Changes the item with an ID.
    mutating func change(_ number: Int, _ body: (inout Item) -> Void) throws {
        body(&items[try #require(items.firstIndex { $0.number == number })])
    }

    var bytes: [UInt8] {
        let brands = Self.box("ftyp", Array("heic".utf8) + [0, 0, 0, 0] + Array("mif1heic".utf8))
        let start = brands.count + tables(at: 0).count + 8
        var data: [UInt8] = []
        for item in items where item.method == 0 {
            let middle = splits ? item.data.count / 2 : 0
            data += item.data[middle...]
            data += item.data[..<middle]
        }
        return brands + tables(at: start) + Self.box("mdat", data) + tail
    }

    private func tables(at start: Int) -> [UInt8] {
        let numberLength = isWide ? 4 : 2
        func number(_ value: Int) -> [UInt8] { Self.number(value, numberLength) }
        let entries = items.flatMap { item in
            Self.full(
                "infe",
                isWide ? 3 : 2,
                number(item.number) + Self.number(item.protection, 2) + Array(item.type.utf8) + [0]
                    + (item.mediaType.map { Array($0.utf8) + [0] } ?? [])
                    + (item.encoding.map { Array($0.utf8) + [0] } ?? [])
            )
        }
        let all = references.flatMap { reference in
            Self.box(
                reference.type,
                number(reference.source) + Self.number(reference.targets.count, 2)
                    + reference.targets.flatMap(number)
            )
        }
        let said = items.filter { !$0.properties.isEmpty }
        let associations = said.flatMap { item in
            number(item.number) + [UInt8(item.properties.count)]
                + item.properties.flatMap { Self.number($0, 2) }
        }
        let container = Self.box("ipco", properties.flatMap { Self.box($0.type, $0.content) })
        let properties = Self.box(
            "iprp",
            container
                + Self.full(
                    "ipma",
                    isWide ? 1 : 0,
                    Self.number(said.count, 4) + associations,
                    flags: 1
                )
        )
        let content =
            Self.full(
                "hdlr",
                0,
                [0, 0, 0, 0] + Array("pict".utf8) + [UInt8](repeating: 0, count: 13)
            )
            + sources + Self.full("pitm", isWide ? 1 : 0, number(primary))
            + Self.full("iinf", isWide ? 1 : 0, number(items.count) + entries)
            + (references.isEmpty ? [] : Self.full("iref", isWide ? 1 : 0, all)) + properties
            + Self.box("idat", items.filter { $0.method == 1 }.flatMap(\.data)) + places(at: start)
        return Self.full("meta", 0, content)
    }

    private func places(at start: Int) -> [UInt8] {
        var (at, inside) = (start, 0)
        let baseLength = usesBase ? offsetLength : 0
        let indexLength = placesVersion > 0 && items.contains { $0.method == 2 } ? 4 : 0
        var entries: [UInt8] = []
        for item in items {
            var extents: [(Int, Int)] = []
            switch item.method {
            case 0:
                let half = item.data.count / 2
                let rest = item.data.count - half
                extents = splits ? [(at + rest, half), (at, rest)] : [(at, item.data.count)]
                at += item.data.count
            case 1:
                extents = [(inside, item.data.count)]
                inside += item.data.count
            default: extents = item.extents
            }
            let base = usesBase ? extents.map(\.0).min() ?? 0 : 0
            entries += Self.number(item.number, placesVersion < 2 ? 2 : 4)
            if placesVersion > 0 { entries += Self.number(item.method, 2) }
            entries +=
                Self.number(source, 2) + Self.number(base, baseLength)
                + Self.number(extents.count, 2)
            for (offset, count) in extents {
                entries += Self.number(1, indexLength) + Self.number(offset - base, offsetLength)
                entries += Self.number(count, offsetLength)
            }
        }
        let lengths = offsetLength << 12 | offsetLength << 8 | baseLength << 4 | indexLength
        return Self.full(
            "iloc",
            placesVersion,
            Self.number(lengths, 2) + Self.number(items.count, placesVersion < 2 ? 2 : 4) + entries
        )
    }
}
