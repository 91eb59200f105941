import ImageHeader
import JobModel

/// What can be read of a delivered file without decoding it.
struct DeliveredHeader: Equatable {
    /// The width in pixels.
    let width: Int
    /// The height in pixels.
    let height: Int
    /// Bits per sample.
    let bitDepth: Int

    /// Reads the header of a file in a format.
    ///
    /// It is `nil` if the file does not begin and end as one of that format, or states no size.
    init?(_ file: [UInt8], in format: OutputFormat) {
        switch format {
        case .png:
            guard let header = PNGHeader(file) else { return nil }
            (width, height, bitDepth) = (header.width, header.height, header.bitDepth)
        case .jpeg:
            // The markers SOI and EOI (ITU-T T.81, B.2.1).
            guard file.starts(with: [0xFF, 0xD8, 0xFF]), file.suffix(2) == [0xFF, 0xD9],
                let size = Self.size(of: file)
            else { return nil }
            (width, height, bitDepth) = (size.width, size.height, 8)
        case .webp:
            // The length counts what follows it (RFC 9649, section 2.4).
            guard file.count >= 12, file.starts(with: Array("RIFF".utf8)),
                file[8..<12].elementsEqual("WEBP".utf8),
                file[4..<8].reversed().reduce(0, { $0 << 8 | Int($1) }) == file.count - 8,
                let size = Self.size(of: file)
            else { return nil }
            (width, height, bitDepth) = (size.width, size.height, 8)
        }
    }

    private static func size(of file: [UInt8]) -> ImageHeaderReader.Size? {
        var reader = ImageHeaderReader()
        reader.receive(file)
        return reader.size
    }
}
