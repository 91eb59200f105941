import ArgumentParser
import CodecChild
import CodecProtocol
import DeepHiding
import FittedMethods
import Imaging
import JobModel
import Methods

/// The `codec` command: the sandboxed child that decodes, protects and encodes.
///
/// Only this program starts it.
struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec",
        abstract: "Protects pictures for the process that started it.",
        discussion:
            "It is started by the other commands and is of no use by hand: it speaks over descriptor 0.",
        shouldDisplay: false
    )

    @Option(help: "The process that started this one.")
    var parent: Int32

    @Option(help: "The most bytes of address space.")
    var memory: UInt64?

    @Option(help: "The name of the next weights file, the first of which is descriptor 3.")
    var model: [String]

    @OptionGroup var filterOption: SystemCallFilterOption

    @Option(help: "How hard PNGs are compressed.")
    var compressionLevel = PNGEncoder.defaultCompressionLevel

    @Option(help: "The most pixels of a picture.")
    var maxPixels = ImageLimits().maxPixels

    func validate() throws {
        try CompressionLevelOption.check(compressionLevel)
        guard maxPixels > 0 else { throw ValidationError("--max-pixels must be at least 1.") }
        guard !names.isEmpty, names.count == model.count else {
            throw ValidationError("--model must be \(ModelName.rule).")
        }
    }

    private var names: [ModelName] { model.compactMap(ModelName.init) }

    func run() throws {
        let (level, pixels) = (compressionLevel, maxPixels)
        let server = CodecServer(
            models: names,
            parent: parent,
            memoryBytes: memory,
            filter: filterOption.systemCallFilter,
            maxAnswerBytes: PixelScale(maxPixels: pixels).answerBytes
        ) { weights throws(ImageFailure) in
            try CodecServer.Engine(
                weights: weights,
                methods: .shipped,
                maxPixels: pixels,
                compressionLevel: level
            )
        }
        throw ExitCode(server.run())
    }
}

extension MethodRegistry {
    /// The methods that this program ships.
    ///
    /// To add a method, add its module and list its type here.
    fileprivate static let shipped = MethodRegistry([
        DeepHidingMethod.self, StableErrorMinimization.self, UngeneralizableExamples.self,
    ])
}
