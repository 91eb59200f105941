/// The canvas on which a picture is assembled.
struct HEIFCanvas: Equatable {
    let size: HEIFImage.Size
    /// The numbers of tile rows and columns; `nil` for layers.
    let tiles: (rows: Int, columns: Int)?

    /// Parses the bytes of a grid (ISO/IEC 23008-12, 6.6.2.3.2) or of an overlay (6.6.2.2.2).
    init?(_ bytes: [UInt8], kind: HEIFImage.Kind) {
        var reader = BigEndianReader(bytes[...])
        // The version, then the flags; the lowest flag selects 32-bit over 16-bit numbers.
        guard reader.number(1) == 0, let flags = reader.number(1) else { return nil }
        if kind == .grid {
            guard let rows = reader.number(1), let columns = reader.number(1) else { return nil }
            tiles = (rows + 1, columns + 1)
        } else {
            // Skip the background colour.
            guard reader.skip(8) else { return nil }
            tiles = nil
        }
        let length = flags & 1 == 1 ? 4 : 2
        guard let width = reader.number(length), let height = reader.number(length), width > 0,
            height > 0
        else {
            return nil
        }
        size = HEIFImage.Size(width: width, height: height)
    }

    /// Checks that tiles cover the whole canvas, since the decoder's memory for it is not cleared.
    func check(tiles images: [HEIFImage]) throws(ImagingError) {
        guard let tiles else { return }
        guard images.count == tiles.rows * tiles.columns, let size = images.first?.turnedSize else {
            throw ImagingError(
                .corrupt,
                "The picture's grid has \(tiles.columns) x \(tiles.rows) tiles and \(images.count) of them are there."
            )
        }
        guard !images.contains(where: \.isCut) else {
            throw ImagingError(
                .unsupported,
                "The tiles of the picture are cut, which is not read; send it as JPEG or PNG."
            )
        }
        guard images.allSatisfy({ $0.turnedSize == size }),
            size.width * tiles.columns >= self.size.width,
            size.height * tiles.rows >= self.size.height
        else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: its tiles do not cover the picture."
            )
        }
    }

    static func == (one: HEIFCanvas, other: HEIFCanvas) -> Bool {
        one.size == other.size && one.tiles?.rows == other.tiles?.rows
            && one.tiles?.columns == other.tiles?.columns
    }
}
