/// Rewrites an XMP packet for a picture that was turned upright and protected.
///
/// The packet is parsed as XML, and pieces of its bytes are cut or replaced. Everything else stays
/// as written.
struct XMPUpright {
    /// The rewritten packet.
    let bytes: [UInt8]

    /// Rewrites a packet.
    ///
    /// - Parameters:
    ///   - packet: A UTF-8 packet, treated as hostile.
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Throws: ``MetadataFault`` if it cannot be parsed or still holds a picture.
    init(_ packet: [UInt8], width: Int, height: Int) throws(MetadataFault) {
        // Some writers pad the packet with zeros.
        let packet = Array(packet.prefix((packet.lastIndex { $0 != 0 } ?? -1) + 1))
        guard String(validating: packet, as: UTF8.self) != nil else { throw .notUnderstood }
        var pass = Pass(packet, width: width, height: height)
        do throws(XMLScanner.Fault) {
            let edited = try pass.edited()
            bytes = try Self.withoutDeclarations(usedBefore: pass.used, in: edited)
        } catch {
            throw .notUnderstood
        }
        // This also covers comments and unexpected places.
        guard !EmbeddedPictures.mayBe(inText: bytes[...]) else { throw .holdsPicture }
    }

    /// Removes declarations of namespaces that are no longer used.
    private static func withoutDeclarations(
        usedBefore: Set<String>,
        in packet: [UInt8]
    ) throws(XMLScanner.Fault) -> [UInt8] {
        var scanner = XMLScanner(packet)
        var used: Set<String> = []
        var declared: [XMLScanner.Declaration] = []
        while let event = try scanner.next() {
            guard case .start(let name, let attributes, let declarations, _) = event else {
                continue
            }
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

/// A replacement of a byte range.
private struct Edit {
    let place: Range<Int>
    let by: [UInt8]

    /// Applies edits; an edit within another is skipped.
    static func apply(_ edits: [Edit], to bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var end = 0
        // Of two edits that begin together, the longer comes first.
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

/// One pass over a packet, which determines the edits.
private struct Pass {
    /// An open element.
    private struct Element {
        let fate: XMPVocabulary.Fate
        /// The offset of its tag.
        let start: Int
        /// The offset of its content.
        let contentStart: Int
        let isEmpty: Bool
        /// Whether it is a property of the packet, that is, a child of a node in rdf:RDF.
        let isProperty: Bool
        /// Whether it is removed, with all its content.
        var goes = false
        /// Its joined text, since comments may split an encoded picture.
        var text: [UInt8] = []
    }

    private let packet: [UInt8]
    private let width: Int
    private let height: Int
    private var open: [Element] = []
    private var edits: [Edit] = []
    /// The namespaces of all names.
    private(set) var used: Set<String> = []
    /// The number of elements around the properties; `nil` outside rdf:RDF.
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

    private mutating func start(
        _ name: XMLScanner.Name,
        _ attributes: [XMLScanner.Attribute],
        _ place: Range<Int>
    ) {
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
        if open[open.count - 1].goes {
            edits.append(Edit(place: element.start..<place.upperBound, by: []))
        }
        open.removeLast()
        if let nodeDepth, open.count < nodeDepth - 1 { self.nodeDepth = nil }
    }

    /// Whether the innermost element is inside a property.
    private var isWithinProperty: Bool { nodeDepth.map { open.count > $0 } ?? false }

    /// Removes the property around the innermost element, or the element itself outside properties.
    ///
    /// A property with a part missing could mean something else.
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
