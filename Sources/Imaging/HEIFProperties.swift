/// What is said about items (ISO/IEC 23008-12, 9.3).
struct HEIFProperties {
    struct Property {
        /// Its place among all of the file.
        let place: Int
        /// Four letters.
        let type: String
        let content: ArraySlice<UInt8>
        /// Whether who does not know it must not show the item.
        let isEssential: Bool
    }

    private struct Associations {
        let isWide: Bool
        /// A place each, as they are stored.
        let places: ArraySlice<UInt8>
    }

    /// The most items that anything is said about.
    private static let maxItems = 65_536

    private let properties: [HEIFBoxes.Box]
    private var associations: [Int: Associations] = [:]

    /// Reads the box of all properties.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` or ``ImagingError/Code/tooLarge``.
    init(_ content: ArraySlice<UInt8>) throws(ImagingError) {
        let children = try HEIFBoxes(content)
        guard let container = try children.only("ipco") else { throw Self.damaged }
        properties = try HEIFBoxes(container.content).all
        for box in children.all where box.type == "ipma" { try read(box.content) }
    }

    private mutating func read(_ table: ArraySlice<UInt8>) throws(ImagingError) {
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), version <= 1, let flags = reader.number(3), let count = reader.number(4)
        else { throw Self.damaged }
        for _ in 0..<count {
            guard let item = reader.number(version == 0 ? 2 : 4), let placeCount = reader.number(1) else {
                throw Self.damaged
            }
            let isWide = flags & 1 == 1
            let places = reader.rest.prefix(placeCount * (isWide ? 2 : 1))
            guard reader.skip(placeCount * (isWide ? 2 : 1)), associations[item] == nil else { throw Self.damaged }
            guard associations.count < Self.maxItems else {
                throw ImagingError(.tooLarge, "The picture's file tells the properties of too many items.")
            }
            associations[item] = Associations(isWide: isWide, places: places)
        }
    }

    /// What is said about an item, in the order that is told.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` for a property that is not there.
    func all(of item: Int) throws(ImagingError) -> [Property] {
        guard let said = associations[item] else { return [] }
        var reader = BigEndianReader(said.places)
        var found: [Property] = []
        while let entry = reader.number(said.isWide ? 2 : 1) {
            let place = entry & (said.isWide ? 0x7FFF : 0x7F)
            // There is none at 0.
            if place == 0 { continue }
            guard place <= properties.count else { throw Self.damaged }
            let box = properties[place - 1]
            let isEssential = entry > (said.isWide ? 0x7FFF : 0x7F)
            found.append(Property(place: place, type: box.type, content: box.content, isEssential: isEssential))
        }
        return found
    }

    private static var damaged: ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: its properties cannot be read.")
    }
}
