import FoundationEssentials
public import JobModel

/// One picture on its way to a codec process: its bytes and all that decides what becomes of them.
public struct CodecImage: Sendable, Equatable {
    /// The file as it was sent.
    public var bytes: [UInt8]
    /// The image's class.
    public var label: ClassLabel
    /// How to protect it.
    public var settings: ProtectionSettings
    /// The class's semantic image.
    public var assignment: SemanticImageAssignment

    /// Puts a picture together.
    public init(
        bytes: [UInt8],
        label: ClassLabel,
        settings: ProtectionSettings,
        assignment: SemanticImageAssignment
    ) {
        self.bytes = bytes
        self.label = label
        self.settings = settings
        self.assignment = assignment
    }
}

/// What a codec process is asked: to protect some pictures, answering each by a frame of its own, in order.
///
/// JSON: `{"type": "protect", "images": [{"id", "bytes", "label", "settings", "assignment"}]}`; the body holds the files one after
/// the other, each `bytes` long. The ids are the places in the list, from 0.
public struct CodecRequest: Sendable, Equatable {
    /// The most pictures in one request.
    public static let maxImages = 64

    /// The pictures, 1 to ``maxImages``.
    public var images: [CodecImage]

    /// Asks for some pictures.
    public init(images: [CodecImage]) {
        self.images = images
    }

    private struct Header: Codable {
        var type: String
        var images: [Entry]

        struct Entry: Codable {
            var id: Int
            var bytes: Int
            var label: ClassLabel
            var settings: ProtectionSettings
            var assignment: SemanticImageAssignment
        }
    }

    private static let type = "protect"

    /// The header; the body follows it as the files themselves, so that they need not be copied together.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)`` if there are no pictures or too many.
    public func encodedHeader() throws(CodecFault) -> [UInt8] {
        guard (1...Self.maxImages).contains(images.count) else { throw .badHeader("asks for \(images.count) images") }
        let entries = images.enumerated().map { index, image in
            Header.Entry(
                id: index,
                bytes: image.bytes.count,
                label: image.label,
                settings: image.settings,
                assignment: image.assignment
            )
        }
        do {
            return Array(try JSONEncoder().encode(Header(type: Self.type, images: entries)))
        } catch {
            throw .badHeader("could not be written")
        }
    }

    /// Reads a request, of which nothing is believed.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)``.
    public init(_ frame: CodecFrame) throws(CodecFault) {
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(frame.header))
        } catch {
            throw .badHeader("is not a request")
        }
        guard header.type == Self.type else { throw .badHeader("has an unknown type") }
        guard (1...Self.maxImages).contains(header.images.count) else {
            throw .badHeader("asks for \(header.images.count) images")
        }
        var rest = frame.body[...]
        images = []
        for (index, entry) in header.images.enumerated() {
            guard entry.id == index else { throw .badHeader("numbers its images wrongly") }
            guard entry.bytes >= 0, entry.bytes <= rest.count else { throw .badHeader("announces more than its body") }
            images.append(
                CodecImage(
                    bytes: Array(rest.prefix(entry.bytes)),
                    label: entry.label,
                    settings: entry.settings,
                    assignment: entry.assignment
                )
            )
            rest = rest.dropFirst(entry.bytes)
        }
        guard rest.isEmpty else { throw .badHeader("announces less than its body") }
    }
}
