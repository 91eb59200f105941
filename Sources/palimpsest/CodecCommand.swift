import ArgumentParser
import DeepHiding
import Imaging
import JobModel
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
        ) { [limits] weights throws(CodecServer.ImageFailureError) in
            try Self.engine(weights, limits: limits, compressionLevel: level)
        }
        throw ExitCode(server.run())
    }

    private static func engine(
        _ weights: [UInt8],
        limits: ImageLimits,
        compressionLevel: Int
    ) throws(CodecServer.ImageFailureError) -> CodecServer.Engine {
        // What opens files does so now.
        PhotoDecoder.prepare()
        let network: HidingNetwork
        do throws(WeightsError) {
            network = try HidingNetwork(weights: weights)
        } catch {
            throw CodecServer.ImageFailureError(ImageFailure(code: error.code.rawValue, detail: error.detail))
        }
        let protector = Protector(network: network, limits: limits, compressionLevel: compressionLevel)
        return CodecServer.Engine(
            modelSHA256: network.sha256,
            protect: { image in
                result { () throws(ProtectionError) in
                    let result = try protector.protect(
                        image.bytes,
                        label: image.label,
                        settings: image.settings,
                        semanticImage: image.semanticImage,
                        attachments: image.attachments
                    )
                    return CodecServer.ProtectedPicture(
                        png: result.png,
                        report: result.report,
                        attachments: result.attachments,
                        durations: result.durations
                    )
                }
            },
            semanticImage: { bytes in
                result { () throws(ProtectionError) in try protector.keptSemanticImage(of: bytes) }
            }
        )
    }

    private static func result<Value>(
        _ body: () throws(ProtectionError) -> Value
    ) -> Result<Value, CodecServer.ImageFailureError> {
        do throws(ProtectionError) {
            return .success(try body())
        } catch {
            return .failure(CodecServer.ImageFailureError(ImageFailure(code: error.code, detail: error.detail)))
        }
    }
}
