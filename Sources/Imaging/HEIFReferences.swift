/// What items have to do with each other (ISO/IEC 14496-12, 8.11.12).
struct HEIFReferences {
    private struct Reference {
        let source: Int
        /// The numbers of the others, as they are stored.
        let targets: ArraySlice<UInt8>
    }

    /// By their types.
    private var references: [String: [Reference]] = [:]
    /// Where those of a type and an item are among them.
    private var places: [String: [Int: [Int]]] = [:]
    private let numberLength: Int

    /// Reads the box; without one there are none.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` or ``ImagingError/Code/tooLarge``.
    init(_ content: ArraySlice<UInt8>?) throws(ImagingError) {
        guard let content else {
            numberLength = 2
            return
        }
        var reader = BigEndianReader(content)
        guard let version = reader.number(1), version <= 1, reader.skip(3) else { throw Self.damaged }
        numberLength = version == 0 ? 2 : 4
        for box in try HEIFBoxes(reader.rest).all {
            var fields = BigEndianReader(box.content)
            guard let source = fields.number(numberLength), let count = fields.number(2),
                fields.rest.count >= count * numberLength
            else { throw Self.damaged }
            let targets = fields.rest.prefix(count * numberLength)
            places[box.type, default: [:]][source, default: []].append(references[box.type]?.count ?? 0)
            references[box.type, default: []].append(Reference(source: source, targets: targets))
        }
    }

    /// What an item refers to, in the order that is told.
    func targets(of type: String, from source: Int) -> [Int] {
        guard let places = places[type]?[source], let references = references[type] else { return [] }
        return places.flatMap { numbers(references[$0].targets) }
    }

    /// The items that refer to one of some, in the order that is told, with those of them that they refer to.
    func sources(of type: String, to targets: Set<Int>) -> [(source: Int, targets: [Int])] {
        (references[type] ?? []).compactMap { reference in
            let met = numbers(reference.targets).filter(targets.contains)
            return met.isEmpty ? nil : (reference.source, met)
        }
    }

    private func numbers(_ bytes: ArraySlice<UInt8>) -> [Int] {
        var reader = BigEndianReader(bytes)
        var numbers: [Int] = []
        while let number = reader.number(numberLength) { numbers.append(number) }
        return numbers
    }

    private static var damaged: ImagingError {
        ImagingError(
            .corrupt,
            "The picture's file is damaged: it does not say what its items have to do with each other."
        )
    }
}
