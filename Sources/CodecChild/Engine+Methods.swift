import CodecProtocol
import Imaging
public import JobModel
public import Methods
import Protection

extension CodecServer.Engine {
    /// Loads a weights file and creates an engine for its method.
    ///
    /// - Parameters:
    ///   - weights: The bytes of the file, which may be hostile.
    ///   - methods: The available methods.
    ///   - maxPixels: The most pixels of a photo or an imported picture.
    ///   - compressionLevel: The compression level of PNGs, in `PNGEncoder.compressionLevels`;
    ///     `nil` for the default.
    /// - Throws: `ImageFailure` whose code begins with `weights_`.
    public init(
        weights: [UInt8],
        methods: MethodRegistry,
        maxPixels: Int,
        compressionLevel: Int? = nil
    ) throws(ImageFailure) {
        // Open the files that decoding needs now: a sealed process cannot open any.
        PhotoDecoder.prepare()
        var limits = ImageLimits()
        limits.maxPixels = maxPixels
        let method: any ProtectionMethod
        do throws(WeightsError) {
            method = try methods.method(of: weights, limits: limits)
        } catch {
            throw ImageFailure(code: error.code.rawValue, detail: error.detail)
        }
        let protector = Protector(
            method: method,
            limits: limits,
            compressionLevel: compressionLevel ?? PNGEncoder.defaultCompressionLevel
        )
        self.init(
            method: type(of: method).id,
            settings: type(of: method).settings,
            modelSHA256: method.modelSHA256,
            statement: method.statement,
            protect: { image, bands throws(ImageFailure) in
                try protector.protect(
                    image.photo,
                    label: image.label,
                    settings: image.settings,
                    artefact: image.artefact,
                    attachments: image.attachments,
                    bands: bands
                )
            },
            importPicture: { picture throws(ImageFailure) in try method.imported(picture) }
        )
    }
}
