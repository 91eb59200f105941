/// The boxes that lie one behind the other in a part of a file (ISO/IEC 14496-12, 4.2).
struct HEIFBoxes {
    struct Box {
        /// Four letters.
        let type: String
        /// What stands behind its head.
        let content: ArraySlice<UInt8>
    }

    /// The most boxes of one part; no camera writes a tenth of them.
    static let maxCount = 32_768

    /// The boxes that are there as a whole, in their order.
    let all: [Box]

    /// Takes a part apart that holds boxes and nothing else.
    ///
    /// - Throws: ``ImagingError`` for a length that cannot be, for bytes behind the last box, and for too many boxes.
    init(_ bytes: ArraySlice<UInt8>) throws(ImagingError) {
        var boxes: [Box] = []
        var rest = bytes
        while !rest.isEmpty {
            guard let box = Self.first(of: rest) else {
                throw ImagingError(.corrupt, "The picture's file is damaged: its boxes do not fit into each other.")
            }
            guard boxes.count < Self.maxCount else {
                throw ImagingError(.tooLarge, "The picture's file has more than \(Self.maxCount) boxes in one.")
            }
            boxes.append(box)
            rest = rest[box.content.endIndex...]
        }
        all = boxes
    }

    /// Takes a file apart, up to what is no box or begins another file: phones put films and marks behind their pictures.
    init(file: ArraySlice<UInt8>) {
        var boxes: [Box] = []
        var rest = file
        while boxes.count < Self.maxCount, let box = Self.first(of: rest), boxes.isEmpty || box.type != "ftyp" {
            boxes.append(box)
            rest = rest[box.content.endIndex...]
        }
        all = boxes
    }

    /// The only box of a type; `nil` if there is none.
    ///
    /// - Throws: ``ImagingError`` for two: two readers could take another one each.
    func only(_ type: String) throws(ImagingError) -> Box? {
        let found = all.filter { $0.type == type }
        guard found.count <= 1 else {
            throw ImagingError(.corrupt, "The picture's file is damaged: it has two boxes of which there can be one.")
        }
        return found.first
    }

    /// The box at the beginning; `nil` if its length cannot be or there are fewer bytes.
    private static func first(of bytes: ArraySlice<UInt8>) -> Box? {
        var reader = BigEndianReader(bytes)
        guard let short = reader.number(4), let type = reader.text(4) else { return nil }
        var length = short
        if short == 1 {
            guard let long = reader.number(8) else { return nil }
            length = long
        } else if short == 0 {
            // It reaches to the end.
            length = bytes.count
        }
        let headCount = bytes.count - reader.rest.count
        guard length >= headCount, length <= bytes.count else { return nil }
        return Box(type: type, content: reader.rest.prefix(length - headCount))
    }
}
