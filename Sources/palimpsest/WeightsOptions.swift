import ArgumentParser
import CodecHost
import FoundationEssentials
import JobModel

/// The options that choose the weights of a command that protects by itself.
struct WeightsOptions: ParsableArguments {
    static let modelVariable = "PALIMPSEST_MODEL"

    @Option(
        help: ArgumentHelp(
            "The weights, instead of the shipped ones: a file, or a folder of *.safetensors files.",
            valueName: "path"
        )
    )
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "Which file of a folder of weights, by its name without .safetensors.",
            valueName: "name"
        )
    )
    var model: String?

    /// Finds the weights file.
    ///
    /// The options win over the variables `PALIMPSEST_WEIGHTS` and `PALIMPSEST_MODEL`. If no
    /// weights are named, this finds the file installed with the binary, or else the one in the
    /// source tree.
    ///
    /// - Returns: The chosen model, and no other one of a folder.
    /// - Throws: ``UsageFault`` if there is none.
    func find() throws(UsageFault) -> ModelFiles {
        let path: String
        do throws(WeightsFile.NotFound) {
            path = try WeightsFile.find(named: weights)
        } catch {
            throw UsageFault(StandardError.printable(error.description))
        }
        let chosen = try chosen()
        do throws(ModelFiles.Fault) {
            return try ModelFiles(at: path, default: chosen).onlyDefault
        } catch {
            throw UsageFault(StandardError.printable(error.description))
        }
    }

    private func chosen() throws(UsageFault) -> ModelName? {
        let variable = ProcessInfo.processInfo.environment[Self.modelVariable]
        guard let text = model ?? variable.flatMap({ $0.isEmpty ? nil : $0 }) else { return nil }
        guard let name = ModelName(rawValue: text) else {
            throw UsageFault("--model must be \(ModelName.rule).")
        }
        return name
    }
}
