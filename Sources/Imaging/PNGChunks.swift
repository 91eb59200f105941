import CDeflate

/// The chunks of a PNG file (W3C PNG, 5.3), for what libspng does not read and what it would not forgive.
struct PNGChunks {
    /// A chunk, as it lies in the file.
    struct Chunk {
        /// Four letters.
        let kind: String
        /// From its length to behind its checksum.
        let place: Range<Int>
        /// Whether it stands in front of the pixels.
        let isInFront: Bool

        /// Where what it holds lies.
        var content: Range<Int> { place.lowerBound + 8..<place.upperBound - 4 }
    }

    private let bytes: [UInt8]

    /// - Parameter bytes: The file; only what lies inside it is read.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Looks for the first chunk of a name in front of the pixels.
    ///
    /// - Parameter name: Four letters.
    /// - Returns: What it holds, or `nil` if there is none that is whole. Its checksum is not looked at.
    func first(_ name: String) -> ArraySlice<UInt8>? {
        all([name], limit: 1).first { $0.isInFront }.map { bytes[$0.content] }
    }

    /// The chunks of some names that are whole, in their order.
    ///
    /// - Parameters:
    ///   - names: Four letters each.
    ///   - limit: More are not looked for.
    /// - Returns: The chunks.
    func all(_ names: Set<String>, limit: Int) -> [Chunk] {
        var found: [Chunk] = []
        var rest = BigEndianReader(bytes.dropFirst(8))
        var isInFront = true
        while found.count < limit {
            let start = rest.rest.startIndex
            // The checksum stands behind what it holds.
            guard let count = rest.number(4), let kind = rest.text(4), rest.skip(count), rest.skip(4) else { break }
            if kind == "IDAT" { isInFront = false }
            if names.contains(kind) {
                found.append(Chunk(kind: kind, place: start..<rest.rest.startIndex, isInFront: isInFront))
            }
        }
        return found
    }

    /// What a chunk holds, or `nil` if its checksum says that it is damaged.
    func sound(_ chunk: Chunk) -> ArraySlice<UInt8>? {
        let summed = chunk.content.lowerBound - 4..<chunk.content.upperBound
        let checksum = bytes[chunk.content.upperBound..<chunk.place.upperBound].reduce(UInt32(0)) {
            $0 << 8 | UInt32($1)
        }
        let sum = bytes.withUnsafeBufferPointer { bytes in
            libdeflate_crc32(0, bytes.baseAddress.map { $0 + summed.lowerBound }, summed.count)
        }
        return sum == checksum ? bytes[chunk.content] : nil
    }
}
