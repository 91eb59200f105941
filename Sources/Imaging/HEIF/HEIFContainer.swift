/// The tables of a HEIC or AVIF file (ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, 6).
///
/// The input is treated as hostile. Anything that two readers could interpret differently is
/// refused.
struct HEIFContainer {
    /// The ID of the primary item, the picture.
    let primary: Int
    /// All items by ID.
    let items: [Int: HEIFItem]
    let references: HEIFReferences
    let properties: HEIFProperties
    var places: HEIFItemPlaces

    /// Parses the tables.
    ///
    /// - Parameter bytes: The file.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/truncated``,
    ///   ``ImagingError/Code/corrupt``, ``ImagingError/Code/unsupported`` or
    ///   ``ImagingError/Code/tooLarge``.
    init(_ bytes: [UInt8]) throws(ImagingError) {
        guard let meta = try HEIFBoxes(file: bytes[...]).only("meta") else {
            throw ImagingError(.truncated, "The picture's file ends before it says what it holds.")
        }
        // Skip the version and the flags.
        let children = try HEIFBoxes(meta.content.dropFirst(4))
        if let handler = try children.only("hdlr"),
            !handler.content.dropFirst(8).starts(with: "pict".utf8)
        {
            throw ImagingError(.unsupported, "The file's tables are not those of a picture.")
        }
        guard let first = try children.only("pitm"), let primary = Self.number(first.content) else {
            throw Self.damaged("it does not say which of its items is the picture")
        }
        guard let information = try children.only("iinf") else {
            throw Self.damaged("its items are not described")
        }
        guard let properties = try children.only("iprp") else {
            throw Self.damaged("nothing is said about its items")
        }
        guard let locations = try children.only("iloc") else {
            throw Self.damaged("it does not say where its parts lie")
        }
        let data = try children.only("idat")?.content
        self.primary = primary
        let ownSources = try Self.ownSources(try children.only("dinf"))
        items = try HEIFItem.all(in: information.content)
        self.properties = try HEIFProperties(properties.content)
        references = try HEIFReferences(try children.only("iref")?.content)
        places = try HEIFItemPlaces(
            locations.content,
            file: bytes.indices,
            data: data.map { $0.startIndex..<$0.endIndex },
            ownSources: ownSources,
            references: references
        )
    }

    /// Returns the data sources, counted from 1, that are this file itself (ISO/IEC 14496-12,
    /// 8.7.2).
    private static func ownSources(_ information: HEIFBoxes.Box?) throws(ImagingError) -> Set<Int> {
        guard let information, let table = try HEIFBoxes(information.content).only("dref") else {
            return []
        }
        // Skip the version, the flags and the count. The lowest flag of an entry marks this file.
        let entries = try HEIFBoxes(table.content.dropFirst(8)).all
        return Set(
            entries.indices.filter { (entries[$0].content.dropFirst(3).first ?? 0) & 1 == 1 }.map {
                $0 + 1
            }
        )
    }

    /// Parses the primary item box (ISO/IEC 14496-12, 8.11.4).
    private static func number(_ content: ArraySlice<UInt8>) -> Int? {
        var reader = BigEndianReader(content)
        guard let version = reader.number(1), reader.skip(3) else { return nil }
        return reader.number(version == 0 ? 2 : 4)
    }

    private static func damaged(_ clause: String) -> ImagingError {
        ImagingError(.corrupt, "The picture's file is damaged: \(clause).")
    }
}
