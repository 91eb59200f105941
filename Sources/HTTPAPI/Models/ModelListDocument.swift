import Cryptography
import JobModel
import Operations

/// The models that a job may choose, as JSON: `{"default", "models": [...]}`, sorted by name.
///
/// The measured protection of each stands there as its weights file has it, byte for byte.
struct ModelListDocument: Sendable {
    /// The JSON, one line for each model.
    let bytes: [UInt8]
    /// The hash of ``bytes``.
    let sha256: SHA256Digest

    /// Describes models; the first is the default.
    init(_ models: [OfferedModel]) throws {
        let lines = try models.sorted { $0.name.rawValue < $1.name.rawValue }.map(Self.line)
        let standard = models.first.map { "\"\($0.name)\"" } ?? "null"
        bytes =
            Array("{\"default\":\(standard),\"models\":[\n".utf8)
            + lines.joined(separator: ",\n".utf8) + "\n]}\n".utf8
        sha256 = SHA256.hash(bytes)
    }

    private struct Model: Encodable {
        let name: ModelName
        let method: MethodID
        let modelSha256: String
        let licence: String
        let photoMask: PhotoMask
        let methodSettings: [MethodSetting]
        let recipeSha256: String?
        let classes: [String]?

        init(_ model: OfferedModel) {
            name = model.name
            method = model.method
            modelSha256 = model.sha256.hex
            licence = model.statement.licence
            photoMask = model.statement.photoMask
            methodSettings = model.settings
            recipeSha256 = model.statement.recipeSHA256?.hex
            let labels = model.statement.classes.map(\.text)
            classes = labels.isEmpty ? nil : labels
        }
    }

    private static func line(_ model: OfferedModel) throws -> [UInt8] {
        let described = Array(try JSONDocument.line(Model(model)).utf8)
        // Insert the protection as it is: decoding it, to encode it again, could change its numbers.
        let protection = model.statement.protection?.bytes ?? Array("null".utf8)
        return described.dropLast() + ",\"protection\":".utf8 + protection + "}".utf8
    }
}
