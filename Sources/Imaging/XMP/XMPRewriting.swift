/// Rewrites XMP for a picture that was turned upright and protected.
enum XMPRewriting {
    /// Keeps everything, corrected for the upright picture and its size.
    ///
    /// Pictures are removed, as are descriptions of parts of the file that are not carried.
    ///
    /// - Parameters:
    ///   - xmp: A packet, treated as hostile.
    ///   - width: Columns of the upright picture.
    ///   - height: Rows of the upright picture.
    /// - Returns: The packet.
    /// - Throws: ``MetadataFault`` if it cannot be parsed or still holds a picture.
    static func upright(_ xmp: [UInt8], width: Int, height: Int) throws(MetadataFault) -> [UInt8] {
        try XMPUpright(xmp, width: width, height: height).bytes
    }

    /// Returns a new packet with only the author, owner and usage terms; `nil` if all are missing.
    ///
    /// The packet is searched as text for the names that every program writes; values are plain
    /// text.
    static func rights(_ xmp: [UInt8]) -> [UInt8]? {
        guard let text = String(validating: xmp, as: UTF8.self) else { return nil }
        let packet = XMPPacket(text)
        let properties = kept.compactMap { name, container in
            element(name, container, packet.values(of: name))
        }
        guard !properties.isEmpty else { return nil }
        return Array((head + properties.joined() + tail).utf8)
    }

    // MARK: - Steps

    private enum Container: String {
        case sequence = "rdf:Seq"
        case alternatives = "rdf:Alt"
        case none = ""
    }

    /// The rights properties and their containers (XMP part 1, 8.3 and 8.5; IPTC Photo Metadata;
    /// PLUS).
    private static let kept: [(String, Container)] = [
        ("dc:creator", .sequence), ("dc:rights", .alternatives), ("xmpRights:Marked", .none),
        ("xmpRights:UsageTerms", .alternatives), ("xmpRights:WebStatement", .none),
        ("photoshop:Credit", .none),
        ("plus:DataMining", .none),
    ]

    private static let head = """
        <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>\
        <x:xmpmeta xmlns:x="adobe:ns:meta/">\
        <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\
        <rdf:Description rdf:about="" \
        xmlns:dc="http://purl.org/dc/elements/1.1/" \
        xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/" \
        xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" \
        xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/">
        """
    private static let tail = #"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>"#

    private static func element(
        _ name: String,
        _ container: Container,
        _ values: [String]
    ) -> String? {
        guard let first = values.first else { return nil }
        let inside =
            switch container {
            case .none: first
            case .sequence:
                "<rdf:Seq>" + values.map { "<rdf:li>\($0)</rdf:li>" }.joined() + "</rdf:Seq>"
            // The first alternative is the default language.
            case .alternatives:
                "<rdf:Alt><rdf:li xml:lang=\"x-default\">\(first)</rdf:li></rdf:Alt>"
            }
        return "<\(name)>\(inside)</\(name)>"
    }
}
