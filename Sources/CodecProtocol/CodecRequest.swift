public import Cryptography
import FoundationEssentials
public import JobModel

/// A picture for a codec process, with everything that determines the result.
public struct CodecImage: Sendable, Equatable {
    /// The uploaded file and its hash.
    public var photo: HashedBytes
    /// The image's class.
    public var label: ClassLabel
    /// How to protect it.
    public var settings: ProtectionSettings
    /// The part of its class's artefact that the picture gets.
    public var artefact: ArtefactPart<HashedBytes>
    /// What to make in addition to the protected picture.
    public var attachments: Set<AttachmentKind>

    /// Creates a picture.
    public init(
        photo: HashedBytes,
        label: ClassLabel,
        settings: ProtectionSettings,
        artefact: ArtefactPart<HashedBytes>,
        attachments: Set<AttachmentKind> = []
    ) {
        self.photo = photo
        self.label = label
        self.settings = settings
        self.artefact = artefact
        self.attachments = attachments
    }
}

/// A request to a codec process.
///
/// - `{"type": "protect", "threads", "imported": [{"bytes"}], "images": [{"id", "bytes", "label",
///   "settings", "artefact", "attachments"}]}` protects pictures. Each is answered in order by a
///   frame of its own. At most `threads` threads may work on a picture; one if that is missing.
///   The body holds the imported pictures of the artefacts, each once, then the pictures' files;
///   each is `bytes` long. An id is the index in the list of images, from 0. An `artefact` is
///   `{"generated": …}` or `{"imported": …}`, an index into the list of imported pictures.
/// - `{"type": "import"}` converts the picture in the body to the form that a class keeps.
public enum CodecRequest: Sendable, Equatable {
    /// Protect 1 to ``maxImages`` pictures, each on at most 1 to ``maxThreads`` threads.
    case protect([CodecImage], threads: Int = 1)
    /// Convert a picture file to the form that a class keeps.
    case importPicture([UInt8])

    /// The most pictures in one request.
    public static let maxImages = 64
    /// The most threads that work on one picture.
    public static let maxThreads = 4

    fileprivate struct Header: Codable {
        var type: String
        /// Omitted if it is 1.
        var threads: Int?
        var imported: [Picture]?
        var images: [Image]?

        struct Picture: Codable {
            var bytes: Int
        }

        struct Image: Codable {
            var id: Int
            var bytes: Int
            var label: ClassLabel
            var settings: ProtectionSettings
            var artefact: ArtefactPart<Int>
            /// Omitted if there are none.
            var attachments: Set<AttachmentKind>?
        }
    }

    private static let protectType = "protect"
    private static let importType = "import"

    // MARK: - Writing

    /// Encodes the header and returns the body in parts, to avoid copying them together.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)`` if there are no pictures or too many.
    public func encoded() throws(CodecFault) -> (header: [UInt8], body: [[UInt8]]) {
        let header: Header
        let body: [[UInt8]]
        switch self {
        case .protect(let images, let threads):
            (header, body) = try Self.protection(of: images, threads)
        case .importPicture(let bytes): (header, body) = (Header(type: Self.importType), [bytes])
        }
        do {
            return (Array(try JSONEncoder().encode(header)), body)
        } catch {
            throw .badHeader("could not be written")
        }
    }

    private static func protection(
        of images: [CodecImage],
        _ threads: Int
    ) throws(CodecFault) -> (Header, [[UInt8]]) {
        guard (1...maxImages).contains(images.count) else {
            throw .badHeader("asks for \(images.count) images")
        }
        var pictures: [HashedBytes] = []
        var places: [HashedBytes: Int] = [:]
        let entries = images.enumerated().map { index, image in
            Header.Image(
                id: index,
                bytes: image.photo.bytes.count,
                label: image.label,
                settings: image.settings,
                artefact: image.artefact.mapImported { picture in
                    if let place = places[picture] { return place }
                    places[picture] = pictures.count
                    pictures.append(picture)
                    return pictures.count - 1
                },
                attachments: image.attachments.isEmpty ? nil : image.attachments
            )
        }
        let header = Header(
            type: protectType,
            threads: threads == 1 ? nil : threads,
            imported: pictures.map { Header.Picture(bytes: $0.bytes.count) },
            images: entries
        )
        return (header, pictures.map(\.bytes) + images.map(\.photo.bytes))
    }

    // MARK: - Reading

    /// Decodes a request and validates all of it.
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
        case Self.protectType:
            let threads = header.threads ?? 1
            guard (1...Self.maxThreads).contains(threads) else {
                throw .badHeader("grants \(threads) threads")
            }
            self = .protect(try Self.images(header, frame.body), threads: threads)
        case Self.importType:
            guard header.images == nil, header.imported == nil, header.threads == nil else {
                throw .badHeader("asks for two things")
            }
            self = .importPicture(frame.body)
        default: throw .badHeader("has an unknown type")
        }
    }

    private static func images(
        _ header: Header,
        _ body: [UInt8]
    ) throws(CodecFault) -> [CodecImage] {
        guard let entries = header.images, let imported = header.imported else {
            throw .badHeader("lacks the images or the imported pictures")
        }
        guard (1...maxImages).contains(entries.count) else {
            throw .badHeader("asks for \(entries.count) images")
        }
        guard imported.count <= entries.count else {
            throw .badHeader("has more imported pictures than images")
        }
        var rest = body[...]
        var pictures: [HashedBytes] = []
        for picture in imported {
            pictures.append(HashedBytes(try take(picture.bytes, from: &rest)))
        }
        var images: [CodecImage] = []
        var used: Set<Int> = []
        for (index, entry) in entries.enumerated() {
            guard entry.id == index else { throw .badHeader("numbers its images wrongly") }
            let artefact = try entry.artefact.mapImported { place throws(CodecFault) in
                guard pictures.indices.contains(place) else {
                    throw .badHeader("names no imported picture")
                }
                used.insert(place)
                return pictures[place]
            }
            images.append(
                CodecImage(
                    photo: HashedBytes(try take(entry.bytes, from: &rest)),
                    label: entry.label,
                    settings: entry.settings,
                    artefact: artefact,
                    attachments: entry.attachments ?? []
                )
            )
        }
        guard rest.isEmpty else { throw .badHeader("announces less than its body") }
        guard used.count == pictures.count else {
            throw .badHeader("has an imported picture for no image")
        }
        return images
    }

    private static func take(
        _ count: Int,
        from rest: inout ArraySlice<UInt8>
    ) throws(CodecFault) -> [UInt8] {
        guard count >= 0, count <= rest.count else {
            throw .badHeader("announces more than its body")
        }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
