import ArgumentParser
import DeepHiding
import Glibc
import Imaging
import JobModel
import Methods
import Protection
import Workers

/// The sandboxed child that decodes, protects and encodes; only this program itself starts it.
struct CodecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec",
        abstract: "Protects pictures for the process that started it.",
        discussion: "It is started by the other commands and is of no use by hand: it speaks over descriptor 0.",
        shouldDisplay: false
    )

    @Option(help: "The process that started this one.")
    var parent: Int32

    @Option(help: "The most bytes of address space.")
    var memory: UInt64?

    @OptionGroup var filterOption: SystemCallFilterOption

    @Option(help: "How hard PNGs are compressed.")
    var compressionLevel = PNGEncoder.defaultCompressionLevel

    @Option(help: "The most pixels of a picture.")
    var maxPixels = ImageLimits().maxPixels

    func validate() throws {
        try CompressionLevelOption.check(compressionLevel)
        guard maxPixels > 0 else { throw ValidationError("--max-pixels must be at least 1.") }
    }

    func run() throws {
        let level = compressionLevel
        var limits = ImageLimits()
        limits.maxPixels = maxPixels
        let server = CodecServer(
            parent: parent,
            memoryBytes: memory,
            filter: filterOption.systemCallFilter,
            maxAnswerBytes: PixelScale(maxPixels: maxPixels).answerBytes
        ) { [limits] weights throws(ImageFailure) in
            try Self.engine(weights, limits: limits, compressionLevel: level)
        }
        throw ExitCode(server.run())
    }

    private static func engine(
        _ weights: [UInt8],
        limits: ImageLimits,
        compressionLevel: Int
    ) throws(ImageFailure) -> CodecServer.Engine {
        // What opens files does so now.
        PhotoDecoder.prepare()
        let method: any ProtectionMethod
        do throws(WeightsError) {
            method = try MethodRegistry.shipped.method(of: weights, limits: limits)
        } catch {
            throw ImageFailure(code: error.code.rawValue, detail: error.detail)
        }
        let protector = Protector(method: method, limits: limits, compressionLevel: compressionLevel)
        return CodecServer.Engine(
            modelSHA256: method.modelSHA256,
            protect: { image throws(ImageFailure) in
                try protector.protect(
                    image.photo,
                    label: image.label,
                    settings: image.settings,
                    artefact: image.artefact,
                    attachments: image.attachments
                )
            },
            importPicture: { picture throws(ImageFailure) in try method.imported(picture) }
        )
    }
}

extension MethodRegistry {
    /// The methods that this program ships.
    fileprivate static let shipped = MethodRegistry([DeepHidingMethod.self])
}
