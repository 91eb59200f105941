import CDeflate

/// The chunks of a PNG file (W3C PNG, 5.3): those that libspng does not read or would not forgive.
struct PNGChunks {
    /// A chunk's position in the file.
    struct Chunk {
        /// The four-letter type.
        let kind: String
        /// The range from its length field to the end of its checksum.
        let place: Range<Int>
        /// Whether it precedes the pixels.
        let isInFront: Bool

        /// The range of its data.
        var content: Range<Int> { place.lowerBound + 8..<place.upperBound - 4 }
    }

    private let bytes: [UInt8]

    /// Creates a view of a file's chunks.
    ///
    /// - Parameter bytes: The file; nothing outside it is read.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Returns the data of the first chunk of a type before the pixels.
    ///
    /// - Parameter name: The four-letter type.
    /// - Returns: The data, or `nil` if there is no complete one. Its checksum is not verified.
    func first(_ name: String) -> ArraySlice<UInt8>? {
        all([name], limit: 1).first { $0.isInFront }.map { bytes[$0.content] }
    }

    /// Returns the complete chunks of some types, in order.
    ///
    /// - Parameters:
    ///   - names: The four-letter types.
    ///   - limit: The maximum number of chunks to return.
    /// - Returns: The chunks.
    func all(_ names: Set<String>, limit: Int) -> [Chunk] {
        var found: [Chunk] = []
        var rest = BigEndianReader(bytes.dropFirst(8))
        var isInFront = true
        while found.count < limit {
            let start = rest.rest.startIndex
            // Skip the data and the checksum.
            guard let count = rest.number(4), let kind = rest.text(4), rest.skip(count),
                rest.skip(4)
            else { break }
            if kind == "IDAT" { isInFront = false }
            if names.contains(kind) {
                found.append(
                    Chunk(kind: kind, place: start..<rest.rest.startIndex, isInFront: isInFront)
                )
            }
        }
        return found
    }

    /// Returns a chunk's data, or `nil` if its checksum is wrong.
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
