import CodecHost
import Cryptography
import FoundationEssentials
import HTTPAPI
import JobModel

/// What `--version` and the `version` command tell: program, commit and weights.
struct VersionReport: Encodable {
    /// One weights file that the commands use unless told otherwise.
    struct Weights: Encodable {
        let model: String
        let path: String
        let sha256: String
    }

    let version: String
    let commit: String
    let weights: [Weights]
    /// Why there are no weights; `nil` if there are.
    let weightsFault: String?

    /// Hashes the weights files.
    init() {
        version = Version.program.number
        commit = Version.program.commit
        do {
            weights = try Self.findWeights()
            weightsFault = nil
        } catch {
            weights = []
            weightsFault = StandardError.printable("\(error)")
        }
    }

    /// The report as text, without a last newline.
    var text: String {
        let lines = weights.map {
            "weights \(StandardError.printable($0.path)), SHA-256 \($0.sha256)"
        }
        let fault = weightsFault.map { ["weights: \($0)"] } ?? []
        return (["palimpsest \(version), commit \(commit)"] + lines + fault).joined(separator: "\n")
    }

    private static func findWeights() throws -> [Weights] {
        let path = try WeightsFile.find(named: nil)
        let chosen = ProcessInfo.processInfo.environment[WeightsOptions.modelVariable]
        let files = try ModelFiles(at: path, default: chosen.flatMap(ModelName.init))
        return try files.models.map { model in
            Weights(
                model: model.name.rawValue,
                path: model.path,
                sha256: try PictureFile.hash(model.path, limit: 1 << 30).hex
            )
        }
    }
}
