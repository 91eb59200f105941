import FoundationEssentials
public import JobModel

/// An answer of a codec process.
///
/// - `{"type": "ready", "models": [...], "protections": [bytes], "pid"}`: the first answer, sent
///   once. The models, each a ``LoadedModel``, are in the order of the process's arguments. The body
///   is what the weights files state as their measured protection, one JSON object after the other.
///   The lengths are in the order of the models; 0 stands for none.
/// - `{"type": "unready", "code", "detail"}`: sent instead if the process cannot work; it then
///   exits.
/// - `{"type": "protected", "id", "report", "durations", "attachments": [{"kind", "bytes"}]}`: the
///   body is the picture, followed by the attachments. The durations are optional.
/// - `{"type": "imported"}`: the body is the PNG to keep.
/// - `{"type": "failed", "id", "code", "detail"}`: the id is 0 in the answer to an import.
public enum CodecAnswer: Sendable, Equatable {
    /// The weights of all models are loaded.
    case ready(models: [LoadedModel], pid: Int32)
    /// The process cannot work, for example because it cannot use the weights.
    case unready(ImageFailure)
    /// A picture is protected.
    case protected(id: Int, ProtectedImage)
    /// A picture can be kept for a class, as this PNG.
    case imported(png: [UInt8])
    /// A picture can never be protected or kept.
    case failed(id: Int, ImageFailure)

    /// The failure code of a codec that cannot filter its system calls, as no other codec can on
    /// this machine.
    public static let unfiltered = "codec_unfiltered"

    /// The most bytes of a codec's failure detail; the rest is cut off.
    static let maxDetailBytes = 500

    private struct Header: Codable {
        var type: String
        var id: Int?
        var report: ProtectionReport?
        var durations: StageDurations?
        var code: String?
        var detail: String?
        var models: [LoadedModel]?
        var protections: [Int]?
        var pid: Int32?
        var attachments: [Attachment]?

        struct Attachment: Codable {
            var kind: AttachmentKind
            var bytes: Int
        }
    }

    /// Encodes the answer.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)`` if the report cannot be encoded as JSON.
    public func frame() throws(CodecFault) -> CodecFrame {
        var header = Header(type: "")
        var body: [UInt8] = []
        switch self {
        case .ready(let models, let pid):
            header.type = "ready"
            header.models = models
            header.pid = pid
            let protections = models.map { $0.statement.protection?.bytes ?? [] }
            header.protections = protections.map(\.count)
            body = protections.flatMap(\.self)
        case .unready(let failure):
            header.type = "unready"
            (header.code, header.detail) = (failure.code, failure.detail)
        case .protected(let id, let image):
            header.type = "protected"
            (header.id, header.report, header.durations) = (id, image.report, image.durations)
            let parts = image.attachments.sorted { $0.key.rawValue < $1.key.rawValue }
            header.attachments = parts.map {
                Header.Attachment(kind: $0.key, bytes: $0.value.count)
            }
            body = parts.reduce(into: image.file) { $0 += $1.value }
        case .imported(let png):
            header.type = "imported"
            body = png
        case .failed(let id, let failure):
            header.type = "failed"
            (header.id, header.code, header.detail) = (id, failure.code, failure.detail)
        }
        do {
            return CodecFrame(header: Array(try JSONEncoder().encode(header)), body: body)
        } catch {
            throw .badHeader("could not be written")
        }
    }

    /// Decodes a codec's answer; only its form is checked.
    ///
    /// - Throws: ``CodecFault/badHeader(_:)``.
    public init(_ frame: CodecFrame) throws(CodecFault) {
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(frame.header))
        } catch {
            throw .badHeader("is not an answer")
        }
        switch header.type {
        case "ready":
            guard let models = header.models, !models.isEmpty, let pid = header.pid else {
                throw .badHeader("lacks the models or the process's number")
            }
            let protections = header.protections ?? models.map { _ in 0 }
            self = .ready(
                models: try Self.attach(protections, in: frame.body, to: models),
                pid: pid
            )
            return
        case "unready":
            self = .unready(try Self.failure(in: header))
        case "protected":
            guard let id = header.id, let report = header.report else {
                throw .badHeader("lacks the id or the report")
            }
            var file = frame.body
            let attachments = try Self.detach(header.attachments ?? [], from: &file)
            self = .protected(
                id: id,
                ProtectedImage(
                    file: file,
                    report: report,
                    attachments: attachments,
                    durations: header.durations
                )
            )
            return
        case "imported":
            self = .imported(png: frame.body)
            return
        case "failed":
            guard let id = header.id else { throw .badHeader("lacks the id") }
            self = .failed(id: id, try Self.failure(in: header))
        default:
            throw .badHeader("has an unknown type")
        }
        guard frame.body.isEmpty else { throw .badHeader("has a body where none belongs") }
    }

    /// Gives models the measured protections that a body consists of.
    private static func attach(
        _ protections: [Int],
        in body: [UInt8],
        to models: [LoadedModel]
    ) throws(CodecFault) -> [LoadedModel] {
        guard protections.count == models.count,
            protections.allSatisfy({ (0...JSONObject.maxBytes).contains($0) }),
            protections.reduce(0, +) == body.count
        else {
            throw .badHeader("announces measured protections that are not there")
        }
        var models = models
        var rest = body[...]
        for (index, count) in protections.enumerated() where count > 0 {
            guard let protection = JSONObject(Array(rest.prefix(count))) else {
                throw .badHeader("announces a measured protection that is no JSON object")
            }
            models[index].statement.protection = protection
            rest = rest.dropFirst(count)
        }
        return models
    }

    /// Splits the attachments off the end of a body.
    private static func detach(
        _ attachments: [Header.Attachment],
        from body: inout [UInt8]
    ) throws(CodecFault) -> [AttachmentKind: [UInt8]] {
        var detached: [AttachmentKind: [UInt8]] = [:]
        for attachment in attachments.reversed() {
            guard (1...max(body.count, 1)).contains(attachment.bytes),
                detached[attachment.kind] == nil
            else {
                throw .badHeader("announces attachments that are not there")
            }
            detached[attachment.kind] = Array(body.suffix(attachment.bytes))
            body.removeLast(attachment.bytes)
        }
        return detached
    }

    /// Reads the code and the detail and makes them safe to store and show, because a process that
    /// has handled hostile files wrote them.
    private static func failure(in header: Header) throws(CodecFault) -> ImageFailure {
        guard let code = header.code, let detail = header.detail else {
            throw .badHeader("lacks the code or the detail")
        }
        let isWord = code.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isWord, (1...64).contains(code.utf8.count) else {
            throw .badHeader("has a code that is no word")
        }
        return ImageFailure(code: code, detail: detail.plainLine(atMost: maxDetailBytes))
    }
}
