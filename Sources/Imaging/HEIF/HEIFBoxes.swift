/// The consecutive boxes in a part of a file (ISO/IEC 14496-12, 4.2).
struct HEIFBoxes {
    struct Box {
        /// The four-character code.
        let type: String
        /// The bytes after the header.
        let content: ArraySlice<UInt8>
    }

    /// The maximum number of boxes in one part; no camera writes a tenth of that.
    static let maxCount = 32_768

    /// The complete boxes, in order.
    let all: [Box]

    /// Parses a part that consists only of boxes.
    ///
    /// - Throws: ``ImagingError`` for an impossible length, bytes after the last box or too many
    ///   boxes.
    init(_ bytes: ArraySlice<UInt8>) throws(ImagingError) {
        var boxes: [Box] = []
        var rest = bytes
        while !rest.isEmpty {
            guard let box = Self.first(of: rest) else {
                throw ImagingError(
                    .corrupt,
                    "The picture's file is damaged: its boxes are not nested correctly."
                )
            }
            guard boxes.count < Self.maxCount else {
                throw ImagingError(
                    .tooLarge,
                    "The picture's file has more than \(Self.maxCount) boxes in one."
                )
            }
            boxes.append(box)
            rest = rest[box.content.endIndex...]
        }
        all = boxes
    }

    /// Parses a file up to the first non-box or the start of another file.
    ///
    /// Phones append videos and markers to their pictures.
    init(file: ArraySlice<UInt8>) {
        var boxes: [Box] = []
        var rest = file
        while boxes.count < Self.maxCount, let box = Self.first(of: rest),
            boxes.isEmpty || box.type != "ftyp"
        {
            boxes.append(box)
            rest = rest[box.content.endIndex...]
        }
        all = boxes
    }

    /// Returns the only box of a type, or `nil` if there is none.
    ///
    /// - Throws: ``ImagingError`` for two such boxes: two readers could choose different ones.
    func only(_ type: String) throws(ImagingError) -> Box? {
        let found = all.filter { $0.type == type }
        guard found.count <= 1 else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: it repeats a box that may occur only once."
            )
        }
        return found.first
    }

    /// Returns the first box; `nil` if its length is impossible or the bytes end early.
    private static func first(of bytes: ArraySlice<UInt8>) -> Box? {
        var reader = BigEndianReader(bytes)
        guard let short = reader.number(4), let type = reader.text(4) else { return nil }
        var length = short
        if short == 1 {
            guard let long = reader.number(8) else { return nil }
            length = long
        } else if short == 0 {
            // The box extends to the end.
            length = bytes.count
        }
        let headCount = bytes.count - reader.rest.count
        guard length >= headCount, length <= bytes.count else { return nil }
        return Box(type: type, content: reader.rest.prefix(length - headCount))
    }
}
