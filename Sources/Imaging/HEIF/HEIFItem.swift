/// An entry of the item table (ISO/IEC 14496-12, 8.11.6).
struct HEIFItem {
    let number: Int
    /// The four-character code; empty in the oldest entry versions.
    let type: String
    /// The media type of an item of type `mime`.
    let mediaType: String
    /// Whether its bytes are compressed.
    let isCompressed: Bool
    /// Whether its bytes are encrypted.
    let isProtected: Bool

    /// Parses a table into items by ID, each of which must occur once.
    static func all(in table: ArraySlice<UInt8>) throws(ImagingError) -> [Int: HEIFItem] {
        var reader = BigEndianReader(table)
        guard let version = reader.number(1), reader.skip(3), reader.skip(version == 0 ? 2 : 4)
        else { throw damaged }
        var items: [Int: HEIFItem] = [:]
        for box in try HEIFBoxes(reader.rest).all where box.type == "infe" {
            guard let item = HEIFItem(box.content),
                items.updateValue(item, forKey: item.number) == nil
            else {
                throw damaged
            }
        }
        return items
    }

    private static var damaged: ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: its table of items cannot be read.")
    }

    private init?(_ entry: ArraySlice<UInt8>) {
        var reader = BigEndianReader(entry)
        guard let version = reader.number(1), reader.skip(3),
            let number = reader.number(version <= 2 ? 2 : 4),
            let protection = reader.number(2)
        else { return nil }
        self.number = number
        isProtected = protection != 0
        if version >= 2 {
            guard let type = reader.text(4) else { return nil }
            self.type = type
        } else {
            type = ""
        }
        // The name is followed by the media type and the encoding, in older entries and in `mime`
        // entries.
        guard version < 2 || type == "mime" else {
            (mediaType, isCompressed) = ("", false)
            return
        }
        let words = reader.rest.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
            .dropFirst()
        mediaType = words.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        isCompressed = words.dropFirst().first.map { !$0.isEmpty } ?? false
    }
}
