import CodecProtocol
import Imaging
public import JobModel
public import Methods
import Protection

extension CodecServer.Engine {
    /// Loads the method that a weights file is for, and protects with it.
    ///
    /// - Parameters:
    ///   - weights: The file, taken for hostile.
    ///   - methods: What the program has.
    ///   - maxPixels: The most pixels of a picture, photo or imported.
    ///   - compressionLevel: How hard PNGs are compressed, in `PNGEncoder.compressionLevels`; `nil`
    ///     for the standard.
    /// - Throws: `ImageFailure` whose code begins with `weights_`.
    public init(
        weights: [UInt8],
        methods: MethodRegistry,
        maxPixels: Int,
        compressionLevel: Int? = nil
    ) throws(ImageFailure) {
        // Opens what it needs now: a sealed process opens no files.
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
