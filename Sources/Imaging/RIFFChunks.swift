/// The chunks of a RIFF file, which WebP is (RFC 9649 section 2.3): a name, a length, and as many bytes, padded to an even count.
struct RIFFChunks {
    private let bytes: [UInt8]

    /// - Parameter bytes: The file; only what lies inside it is read.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Looks for the first chunk of a name.
    ///
    /// - Parameter name: Four letters.
    /// - Returns: What it holds, or `nil` if there is none that is whole.
    func first(_ name: String) -> ArraySlice<UInt8>? {
        let name = Array(name.utf8)
        // Behind `RIFF`, the file's length and `WEBP`.
        var offset = 12
        while offset <= bytes.count - 8 {
            let count = bytes[offset + 4..<offset + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            let start = offset + 8
            guard count <= bytes.count - start else { return nil }
            if bytes[offset..<offset + 4].elementsEqual(name) { return bytes[start..<start + count] }
            offset = start + count + count % 2
        }
        return nil
    }
}
