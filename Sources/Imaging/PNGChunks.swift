/// The chunks of a PNG file before its pixels (W3C PNG, 5.3), for what libspng does not read.
struct PNGChunks {
    private let bytes: [UInt8]

    /// - Parameter bytes: The file; only what lies inside it is read, and no checksum is looked at.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Looks for the first chunk of a name in front of the pixels.
    ///
    /// - Parameter name: Four letters.
    /// - Returns: What it holds, or `nil` if there is none that is whole.
    func first(_ name: String) -> ArraySlice<UInt8>? {
        var rest = BigEndianReader(bytes.dropFirst(8))
        while let count = rest.number(4), let kind = rest.text(4), kind != "IDAT" {
            let content = rest.rest.prefix(count)
            // The checksum stands behind it.
            guard rest.skip(count), rest.skip(4) else { return nil }
            if kind == name { return content }
        }
        return nil
    }
}
