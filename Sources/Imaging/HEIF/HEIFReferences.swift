/// The references between items (ISO/IEC 14496-12, 8.11.12).
struct HEIFReferences {
    private struct Reference {
        let source: Int
        /// The target IDs in their stored form.
        let targets: ArraySlice<UInt8>
    }

    /// The references by type.
    private var references: [String: [Reference]] = [:]
    /// The indices into ``references`` by type and source.
    private var places: [String: [Int: [Int]]] = [:]
    private let numberLength: Int

    /// Parses the box; `nil` means no references.
    ///
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/corrupt`` or
    ///   ``ImagingError/Code/tooLarge``.
    init(_ content: ArraySlice<UInt8>?) throws(ImagingError) {
        guard let content else {
            numberLength = 2
            return
        }
        var reader = BigEndianReader(content)
        guard let version = reader.number(1), version <= 1, reader.skip(3) else {
            throw Self.damaged
        }
        numberLength = version == 0 ? 2 : 4
        for box in try HEIFBoxes(reader.rest).all {
            var fields = BigEndianReader(box.content)
            guard let source = fields.number(numberLength), let count = fields.number(2),
                fields.rest.count >= count * numberLength
            else { throw Self.damaged }
            let targets = fields.rest.prefix(count * numberLength)
            places[box.type, default: [:]][source, default: []].append(
                references[box.type]?.count ?? 0
            )
            references[box.type, default: []].append(Reference(source: source, targets: targets))
        }
    }

    /// Returns the targets of an item in file order.
    func targets(of type: String, from source: Int) -> [Int] {
        guard let places = places[type]?[source], let references = references[type] else {
            return []
        }
        return places.flatMap { numbers(references[$0].targets) }
    }

    /// Returns the items that refer to any of `targets`, in file order, each with the targets it
    /// names.
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
            "The picture's file is damaged: it does not say how its items are related."
        )
    }
}
