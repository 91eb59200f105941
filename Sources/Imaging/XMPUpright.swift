/// Makes of an XMP packet what a picture that was turned upright and changed may keep of it.
///
/// The packet is read as XML, and pieces are cut out of its bytes or exchanged; all else stays as it is written.
struct XMPUpright {
    /// What the packet becomes.
    let bytes: [UInt8]

    /// Rewrites a packet.
    ///
    /// - Parameters:
    ///   - packet: A packet in UTF-8, taken for hostile.
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Throws: ``MetadataFault`` if it is not understood, or if a picture is left.
    init(_ packet: [UInt8], width: Int, height: Int) throws(MetadataFault) {
        // Some writers fill up with zeros behind the end.
        let packet = Array(packet.prefix((packet.lastIndex { $0 != 0 } ?? -1) + 1))
        guard String(validating: packet, as: UTF8.self) != nil else { throw .notUnderstood }
        var pass = Pass(packet, width: width, height: height)
        do throws(XMLScanner.Fault) {
            let edited = try pass.edited()
            bytes = try Self.withoutDeclarations(usedBefore: pass.used, in: edited)
        } catch {
            throw .notUnderstood
        }
        // Whatever stands in comments, or where nobody expects it.
        guard !EmbeddedPictures.mayBe(inText: bytes[...]) else { throw .holdsPicture }
    }

    /// Cuts out the declarations of namespaces of which nothing is left.
    private static func withoutDeclarations(
        usedBefore: Set<String>,
        in packet: [UInt8]
    ) throws(XMLScanner.Fault) -> [UInt8] {
        var scanner = XMLScanner(packet)
        var used: Set<String> = []
        var declared: [XMLScanner.Declaration] = []
        while let event = try scanner.next() {
            guard case .start(let name, let attributes, let declarations, _) = event else { continue }
            used.insert(name.uri)
            used.formUnion(attributes.map(\.name.uri))
            declared += declarations.filter {
                usedBefore.contains($0.uri) || XMPVocabulary.isRemoved(namespace: $0.uri)
            }
        }
        let edits = declared.filter { !used.contains($0.uri) }.map { Edit(place: $0.place, by: []) }
        return Edit.apply(edits, to: packet)
    }
}

/// Something else in the place of bytes.
private struct Edit {
    let place: Range<Int>
    let by: [UInt8]

    /// Makes changes; one within another is not made.
    static func apply(_ edits: [Edit], to bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var end = 0
        // The longer one first, of two that begin together.
        let ordered = edits.sorted {
            ($0.place.lowerBound, -$0.place.count) < ($1.place.lowerBound, -$1.place.count)
        }
        for edit in ordered where edit.place.lowerBound >= end {
            result += bytes[end..<edit.place.lowerBound] + edit.by
            end = edit.place.upperBound
        }
        return result + bytes[end...]
    }
}

/// One reading of a packet, in which it is found out what is to be changed.
private struct Pass {
    /// An element that is open.
    private struct Element {
        let fate: XMPVocabulary.Fate
        /// Where its tag begins.
        let start: Int
        /// Where its content begins.
        let contentStart: Int
        let isEmpty: Bool
        /// Whether it is a property of the packet, that is, a child of what rdf:RDF describes.
        let isProperty: Bool
        /// Whether it goes, with all that is in it.
        var goes = false
        /// Its text, for a picture may be cut in pieces by comments.
        var text: [UInt8] = []
    }

    private let packet: [UInt8]
    private let width: Int
    private let height: Int
    private var open: [Element] = []
    private var edits: [Edit] = []
    /// The namespaces of all names.
    private(set) var used: Set<String> = []
    /// How many elements are open around the properties; `nil` outside rdf:RDF.
    private var nodeDepth: Int?

    init(_ packet: [UInt8], width: Int, height: Int) {
        self.packet = packet
        self.width = width
        self.height = height
    }

    mutating func edited() throws(XMLScanner.Fault) -> [UInt8] {
        var scanner = XMLScanner(packet)
        while let event = try scanner.next() {
            switch event {
            case .start(let name, let attributes, _, let place): start(name, attributes, place)
            case .text(let place): if !open.isEmpty { open[open.count - 1].text += packet[place] }
            case .end(let place): end(place)
            }
        }
        return Edit.apply(edits, to: packet)
    }

    // MARK: - Steps

    private mutating func start(_ name: XMLScanner.Name, _ attributes: [XMLScanner.Attribute], _ place: Range<Int>) {
        if nodeDepth == nil, name == XMLScanner.Name(uri: XMPVocabulary.rdf, local: "RDF") {
            nodeDepth = open.count + 2
        }
        used.insert(name.uri)
        used.formUnion(attributes.map(\.name.uri))
        let fate = XMPVocabulary.fate(of: name)
        open.append(
            Element(
                fate: fate,
                start: place.lowerBound,
                contentStart: place.upperBound,
                isEmpty: packet[place.upperBound - 2] == UInt8(ascii: "/"),
                isProperty: open.count == nodeDepth
            )
        )
        if fate == .goes { drop() }
        for attribute in attributes { look(at: attribute) }
    }

    private mutating func look(at attribute: XMLScanner.Attribute) {
        let fate = XMPVocabulary.fate(of: attribute.name)
        if fate == .goes || EmbeddedPictures.mayBe(inText: packet[attribute.value]) {
            if isWithinProperty {
                drop()
            } else {
                edits.append(Edit(place: attribute.place, by: []))
            }
        } else if let value = value(for: fate) {
            edits.append(Edit(place: attribute.value, by: value))
        }
    }

    private mutating func end(_ place: Range<Int>) {
        guard let element = open.last else { return }
        if !element.text.isEmpty, EmbeddedPictures.mayBe(inText: element.text[...]) { drop() }
        if let value = value(for: element.fate), !element.isEmpty {
            edits.append(Edit(place: element.contentStart..<place.lowerBound, by: value))
        }
        if open[open.count - 1].goes { edits.append(Edit(place: element.start..<place.upperBound, by: [])) }
        open.removeLast()
        if let nodeDepth, open.count < nodeDepth - 1 { self.nodeDepth = nil }
    }

    /// Whether the innermost element is a property, or within one.
    private var isWithinProperty: Bool { nodeDepth.map { open.count > $0 } ?? false }

    /// Has the property go in which the innermost element is, since half of it would mean something else; or the element, where there is none.
    private mutating func drop() {
        let index = open.lastIndex { $0.isProperty } ?? open.count - 1
        open[index].goes = true
    }

    private func value(for fate: XMPVocabulary.Fate) -> [UInt8]? {
        switch fate {
        case .stays, .goes: nil
        case .becomesOrientation: Array("1".utf8)
        case .becomesWidth: Array("\(width)".utf8)
        case .becomesHeight: Array("\(height)".utf8)
        }
    }
}
