public import Cryptography
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
    /// What to hide in it: the class's assignment, or the imported picture that this image gets.
    public var semanticImage: SemanticImageSource<HashedBytes>
    /// What to make besides the protected picture.
    public var attachments: Set<AttachmentKind>

    /// Puts a picture together.
    public init(
        bytes: [UInt8],
        label: ClassLabel,
        settings: ProtectionSettings,
        semanticImage: SemanticImageSource<HashedBytes>,
        attachments: Set<AttachmentKind> = []
    ) {
        self.bytes = bytes
        self.label = label
        self.settings = settings
        self.semanticImage = semanticImage
        self.attachments = attachments
    }
}

/// What a codec process is asked.
///
/// - To protect some pictures, answering each by a frame of its own, in order: `{"type": "protect", "semantic_images": [{"bytes"}],
///   "images": [{"id", "bytes", "label", "settings", "semantic_image", "attachments"}]}`. The body holds the imported semantic images, each once,
///   then the files, one after the other, each `bytes` long. The ids are the places in the list of images, from 0. A
///   `semantic_image` is `{"generated": …}` or `{"imported": …}`, a place in the list of semantic images.
/// - To make of a picture what is kept as a semantic image: `{"type": "semantic_image"}` with the file as its body.
public enum CodecRequest: Sendable, Equatable {
    /// To protect some pictures, 1 to ``maxImages``.
    case protect([CodecImage])
    /// To make a semantic image of a picture's file.
    case semanticImage([UInt8])

    /// The most pictures in one request.
    public static let maxImages = 64

    fileprivate struct Header: Codable {
        var type: String
        var semanticImages: [SemanticImage]?
        var images: [Image]?

        enum CodingKeys: String, CodingKey {
            case type, images
            case semanticImages = "semantic_images"
        }

        struct SemanticImage: Codable {
            var bytes: Int
        }

        struct Image: Codable {
            var id: Int
            var bytes: Int
            var label: ClassLabel
            var settings: ProtectionSettings
            var semanticImage: SemanticImageSource<Int>
            /// Left out where there are none.
            var attachments: Set<AttachmentKind>?

            enum CodingKeys: String, CodingKey {
                case id, bytes, label, settings, attachments
                case semanticImage = "semantic_image"
            }
        }
    }

    private static let protectType = "protect"
    private static let semanticImageType = "semantic_image"

    // MARK: - Writing

    /// The header, and the parts of the body that follow it, so that they need not be copied together.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)`` if there are no pictures or too many.
    public func encoded() throws(CodecFault) -> (header: [UInt8], body: [[UInt8]]) {
        let header: Header
        let body: [[UInt8]]
        switch self {
        case .protect(let images): (header, body) = try Self.protection(of: images)
        case .semanticImage(let bytes): (header, body) = (Header(type: Self.semanticImageType), [bytes])
        }
        do {
            return (Array(try JSONEncoder().encode(header)), body)
        } catch {
            throw .badHeader("could not be written")
        }
    }

    private static func protection(of images: [CodecImage]) throws(CodecFault) -> (Header, [[UInt8]]) {
        guard (1...maxImages).contains(images.count) else { throw .badHeader("asks for \(images.count) images") }
        var semanticImages: [HashedBytes] = []
        var places: [HashedBytes: Int] = [:]
        let entries = images.enumerated().map { index, image in
            Header.Image(
                id: index,
                bytes: image.bytes.count,
                label: image.label,
                settings: image.settings,
                semanticImage: image.semanticImage.mapImported { semanticImage in
                    if let place = places[semanticImage] { return place }
                    places[semanticImage] = semanticImages.count
                    semanticImages.append(semanticImage)
                    return semanticImages.count - 1
                },
                attachments: image.attachments.isEmpty ? nil : image.attachments
            )
        }
        let header = Header(
            type: protectType,
            semanticImages: semanticImages.map { Header.SemanticImage(bytes: $0.bytes.count) },
            images: entries
        )
        return (header, semanticImages.map(\.bytes) + images.map(\.bytes))
    }

    // MARK: - Reading

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
        switch header.type {
        case Self.protectType: self = .protect(try Self.images(header, frame.body))
        case Self.semanticImageType:
            guard header.images == nil, header.semanticImages == nil else { throw .badHeader("asks for two things") }
            self = .semanticImage(frame.body)
        default: throw .badHeader("has an unknown type")
        }
    }

    private static func images(_ header: Header, _ body: [UInt8]) throws(CodecFault) -> [CodecImage] {
        guard let entries = header.images, let pictures = header.semanticImages else {
            throw .badHeader("lacks the images or the semantic images")
        }
        guard (1...maxImages).contains(entries.count) else { throw .badHeader("asks for \(entries.count) images") }
        guard pictures.count <= entries.count else { throw .badHeader("has more semantic images than images") }
        var rest = body[...]
        var semanticImages: [HashedBytes] = []
        for picture in pictures { semanticImages.append(HashedBytes(try take(picture.bytes, from: &rest))) }
        var images: [CodecImage] = []
        var used: Set<Int> = []
        for (index, entry) in entries.enumerated() {
            guard entry.id == index else { throw .badHeader("numbers its images wrongly") }
            let source = try entry.semanticImage.mapImported { place throws(CodecFault) in
                guard semanticImages.indices.contains(place) else { throw .badHeader("names no semantic image") }
                used.insert(place)
                return semanticImages[place]
            }
            images.append(
                CodecImage(
                    bytes: try take(entry.bytes, from: &rest),
                    label: entry.label,
                    settings: entry.settings,
                    semanticImage: source,
                    attachments: entry.attachments ?? []
                )
            )
        }
        guard rest.isEmpty else { throw .badHeader("announces less than its body") }
        guard used.count == semanticImages.count else { throw .badHeader("has a semantic image for no image") }
        return images
    }

    private static func take(_ count: Int, from rest: inout ArraySlice<UInt8>) throws(CodecFault) -> [UInt8] {
        guard count >= 0, count <= rest.count else { throw .badHeader("announces more than its body") }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
