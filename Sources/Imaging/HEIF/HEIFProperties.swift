/// The properties of items (ISO/IEC 23008-12, 9.3).
struct HEIFProperties {
    struct Property {
        /// The index among all properties of the file, from 1.
        let place: Int
        /// The four-character code.
        let type: String
        let content: ArraySlice<UInt8>
        /// Whether a reader that does not know the property must not show the item.
        let isEssential: Bool
    }

    private struct Associations {
        let isWide: Bool
        /// The property indices in their stored form.
        let places: ArraySlice<UInt8>
    }

    /// The maximum number of items with properties.
    private static let maxItems = 65_536

    private let properties: [HEIFBoxes.Box]
    private var associations: [Int: Associations] = [:]

    /// Parses the property box.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` or
    ///   ``ImagingError/Code/tooLarge``.
    init(_ content: ArraySlice<UInt8>) throws(ImagingError) {
        let children = try HEIFBoxes(content)
        guard let container = try children.only("ipco") else { throw Self.damaged }
        properties = try HEIFBoxes(container.content).all
        for box in children.all where box.type == "ipma" { try read(box.content) }
    }

    private mutating func read(_ table: ArraySlice<UInt8>) throws(ImagingError) {
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), version <= 1, let flags = reader.number(3),
            let count = reader.number(4)
        else { throw Self.damaged }
        for _ in 0..<count {
            guard let item = reader.number(version == 0 ? 2 : 4), let placeCount = reader.number(1)
            else {
                throw Self.damaged
            }
            let isWide = flags & 1 == 1
            let places = reader.rest.prefix(placeCount * (isWide ? 2 : 1))
            guard reader.skip(placeCount * (isWide ? 2 : 1)), associations[item] == nil else {
                throw Self.damaged
            }
            guard associations.count < Self.maxItems else {
                throw ImagingError(
                    .tooLarge,
                    "The picture's file lists the properties of too many items."
                )
            }
            associations[item] = Associations(isWide: isWide, places: places)
        }
    }

    /// Returns the properties of an item in file order.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` for a missing property.
    func all(of item: Int) throws(ImagingError) -> [Property] {
        guard let said = associations[item] else { return [] }
        var reader = BigEndianReader(said.places)
        var found: [Property] = []
        while let entry = reader.number(said.isWide ? 2 : 1) {
            let place = entry & (said.isWide ? 0x7FFF : 0x7F)
            // Index 0 means no property.
            if place == 0 { continue }
            guard place <= properties.count else { throw Self.damaged }
            let box = properties[place - 1]
            let isEssential = entry > (said.isWide ? 0x7FFF : 0x7F)
            found.append(
                Property(
                    place: place,
                    type: box.type,
                    content: box.content,
                    isEssential: isEssential
                )
            )
        }
        return found
    }

    private static var damaged: ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: its properties cannot be read.")
    }
}
