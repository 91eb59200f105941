/// The chunks of a RIFF file, the container of WebP (RFC 9649 section 2.3).
///
/// A chunk is a name, a length and that many bytes, padded to an even count.
struct RIFFChunks {
    private let bytes: [UInt8]

    /// Creates a view of a file's chunks.
    ///
    /// - Parameter bytes: The file; nothing outside it is read.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Returns the data of the first chunk with a name.
    ///
    /// - Parameter name: Four letters.
    /// - Returns: The data, or `nil` if there is no complete one.
    func first(_ name: String) -> ArraySlice<UInt8>? {
        let name = Array(name.utf8)
        // Skip `RIFF`, the file's length and `WEBP`.
        var offset = 12
        while offset <= bytes.count - 8 {
            let count = bytes[offset + 4..<offset + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            let start = offset + 8
            guard count <= bytes.count - start else { return nil }
            if bytes[offset..<offset + 4].elementsEqual(name) {
                return bytes[start..<start + count]
            }
            offset = start + count + count % 2
        }
        return nil
    }
}
