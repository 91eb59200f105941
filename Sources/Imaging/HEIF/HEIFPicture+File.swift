extension HEIFPicture {
    /// Builds a file of only the picture's images.
    ///
    /// A decoder therefore meets no box, item, property or reference except those it needs, all
    /// written here.
    ///
    /// - Parameter bytes: The file in which the picture was found.
    /// - Returns: A file that exceeds the original by at most the length of its tables.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` if images partially overlap in
    ///   the file.
    func file(of bytes: [UInt8]) throws(ImagingError) -> [UInt8] {
        var data = Data()
        for image in images { data.add(image.ranges) }
        guard data.count <= bytes.count else {
            throw ImagingError(
                .corrupt,
                "The picture's file is damaged: its parts overlap."
            )
        }
        var file = HEIFWriter()
        file.box("ftyp") { file in
            file.text("mif1")
            file.number(0, 4)
            for brand in ["mif1", images.contains { $0.kind == .av1 } ? "avif" : "heic"] {
                file.text(brand)
            }
        }
        // Numbers have fixed lengths, so the tables' length does not depend on the offsets.
        var tables = HEIFWriter()
        write(to: &tables, data, at: 0)
        let start = file.bytes.count + tables.bytes.count + 16
        write(to: &file, data, at: start)
        file.bytes.reserveCapacity(start + data.count)
        file.number(1, 4)
        file.text("mdat")
        file.number(16 + data.count, 8)
        for ranges in data.parts {
            for range in ranges { file.bytes += bytes[range] }
        }
        return file.bytes
    }

    /// The data to copy, each part once.
    private struct Data {
        private(set) var parts: [[Range<Int>]] = []
        private(set) var count = 0
        private var offsets: [[Range<Int>]: Int] = [:]

        mutating func add(_ ranges: [Range<Int>]) {
            guard !ranges.isEmpty, offsets[ranges] == nil else { return }
            offsets[ranges] = count
            parts.append(ranges)
            count += ranges.reduce(0) { $0 + $1.count }
        }

        func offset(of ranges: [Range<Int>]) -> Int? { offsets[ranges] }
    }

    private func write(to file: inout HEIFWriter, _ data: Data, at start: Int) {
        var numbers: [Int: Int] = [:]
        for (index, image) in images.enumerated() { numbers[image.number] = index + 1 }
        file.box("meta", version: 0) { file in
            file.box("hdlr", version: 0) { file in
                file.number(0, 4)
                file.text("pict")
                file.bytes += [UInt8](repeating: 0, count: 13)
            }
            file.box("pitm", version: 0) { $0.number(1, 2) }
            file.box("iloc", version: 1) { file in
                // 8-byte offsets and lengths, no bases and no indices.
                file.number(0x8800, 2)
                file.number(images.count, 2)
                for (index, image) in images.enumerated() {
                    file.number(index + 1, 2)
                    // Stored in this file.
                    file.number(0, 4)
                    let offset = data.offset(of: image.ranges)
                    file.number(offset == nil ? 0 : 1, 2)
                    guard let offset else { continue }
                    file.number(start + offset, 8)
                    file.number(image.ranges.reduce(0) { $0 + $1.count }, 8)
                }
            }
            file.box("iinf", version: 0) { file in
                file.number(images.count, 2)
                for (index, image) in images.enumerated() {
                    // All items except the picture are hidden.
                    file.box("infe", version: 2, flags: index == 0 ? 0 : 1) { file in
                        file.number(index + 1, 2)
                        file.number(0, 2)
                        file.text(image.kind.rawValue)
                        file.number(0, 1)
                    }
                }
            }
            writeReferences(to: &file, numbers)
            writeProperties(to: &file)
        }
    }

    private func writeReferences(to file: inout HEIFWriter, _ numbers: [Int: Int]) {
        var references = images.filter(\.kind.isDerived).map { ("dimg", $0.number, $0.parts) }
        if let alpha { references.append(("auxl", alpha, [images[0].number])) }
        guard !references.isEmpty else { return }
        file.box("iref", version: 0) { file in
            for (type, source, targets) in references {
                file.box(type) { file in
                    file.number(numbers[source] ?? 0, 2)
                    file.number(targets.count, 2)
                    for target in targets { file.number(numbers[target] ?? 0, 2) }
                }
            }
        }
    }

    private func writeProperties(to file: inout HEIFWriter) {
        var order: [HEIFProperties.Property] = []
        var places: [Int: Int] = [:]
        for property in images.flatMap(\.properties) where places[property.place] == nil {
            order.append(property)
            places[property.place] = order.count
        }
        file.box("iprp") { file in
            file.box("ipco") { file in
                for property in order { file.box(property.type) { $0.bytes += property.content } }
            }
            // 15-bit property indices.
            file.box("ipma", version: 0, flags: 1) { file in
                file.number(images.count, 4)
                for (index, image) in images.enumerated() {
                    file.number(index + 1, 2)
                    file.number(image.properties.count, 1)
                    for property in image.properties {
                        file.number(
                            (places[property.place] ?? 0) | (property.isEssential ? 0x8000 : 0),
                            2
                        )
                    }
                }
            }
        }
    }
}

/// A writer of boxes.
struct HEIFWriter {
    var bytes: [UInt8] = []

    /// Writes a big-endian number of `count` bytes.
    mutating func number(_ value: Int, _ count: Int) {
        for byte in (0..<count).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * byte)))
        }
    }

    /// Writes a text as it is.
    mutating func text(_ letters: String) {
        bytes += letters.utf8
    }

    /// Writes a box around the output of `content`.
    mutating func box(
        _ type: String,
        version: Int? = nil,
        flags: Int = 0,
        _ content: (inout HEIFWriter) -> Void
    ) {
        let start = bytes.count
        number(0, 4)
        text(type)
        if let version { number(version << 24 | flags, 4) }
        content(&self)
        let count = bytes.count - start
        for index in 0..<4 {
            bytes[start + index] = UInt8(truncatingIfNeeded: count >> (8 * (3 - index)))
        }
    }
}
