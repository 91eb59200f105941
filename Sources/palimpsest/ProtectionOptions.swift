import ArgumentParser
import JobModel

/// The protection settings and the class, for the commands that protect photos.
struct ProtectionOptions: ParsableArguments {
    @Option(
        name: .customLong("class"),
        help:
            "The class of all photos, whatever folders they lie in; without it the folders are the classes."
    )
    var label: String?

    @Option(help: "sample-wise, a texture of its own for every photo, or class-wise.")
    var mode = ProtectionSettings.standard.mode.rawValue

    @Option(help: "The largest change of a sample in steps of 1/255, from 1 to 16.")
    var strength = ProtectionSettings.standard.strength

    @Flag(
        name: .customLong("no-clip"),
        help: "Do not cut the change off at the strength; the report says how large it is."
    )
    var isUnclipped = false

    @Option(
        help: """
            The short side in pixels at which the change is computed, from 64 to 1024. (default: the \
            one that the weights are for)
            """
    )
    var workingSize: Int?

    @Option(
        help: ArgumentHelp(
            """
            Where the change is made smaller, so that it is seen less: photo, within what the eye \
            hardly sees, so that photos of full size are harder to learn but can be learnt; none, \
            as strong as allowed, with visible patterns; or auto, photo for pictures whose short \
            side has more than 64 pixels and none for others.
            """,
            valueName: "mask"
        )
    )
    var mask = ProtectionSettings.standard.mask.rawValue

    @Option(
        help: ArgumentHelp(
            "What to keep of EXIF and XMP: strip, copyright, or all, with the place where a photo was taken.",
            valueName: "what"
        )
    )
    var metadata = ProtectionSettings.standard.metadata.rawValue

    @Option(
        help: """
            The format of the pictures: png, whose bound is proven, or jpeg or webp for the web, of \
            which the report says how large the change is.
            """
    )
    var format = OutputFormat.png.rawValue

    @Option(help: "The quality of jpeg and webp, 1 to 100. (default: 92)")
    var quality: Int?

    @Option(
        help: ArgumentHelp(
            "The resolution of colour in a jpeg, 4:4:4 or 4:2:0. (default: 4:4:4; webp is 4:2:0)",
            valueName: "chroma"
        )
    )
    var chroma: String?

    @Option(
        help: ArgumentHelp(
            "The longer side, 64 to 16383 pixels, to which larger photos are scaled before they are protected.",
            valueName: "pixels"
        )
    )
    var maxSide: Int?

    @Option(
        help: ArgumentHelp(
            "Settings that only the model's method has, as name:number, separated by commas.",
            valueName: "settings"
        )
    )
    var methodSettings: String?

    func validate() throws {
        _ = try settings
        _ = try classLabel
    }

    /// The settings that the options describe.
    var settings: ProtectionSettings {
        get throws {
            do throws(SettingsFault) {
                return try ProtectionSettings(
                    mode: ProtectionMode(parsing: mode),
                    strength: strength,
                    clip: !isUnclipped,
                    workingSize: workingSize,
                    mask: Mask(parsing: mask),
                    metadata: MetadataPolicy(parsing: metadata),
                    output: OutputSettings(
                        format: OutputFormat(parsing: format),
                        quality: quality,
                        chroma: chroma.map { text throws(SettingsFault) in
                            try ChromaSampling(parsing: text)
                        },
                        maxSide: maxSide
                    ),
                    ofMethod: methodSettings.map { text throws(SettingsFault) in
                        try MethodSettings(parsing: text)
                    } ?? .standard
                )
            } catch {
                throw ValidationError(error.detail)
            }
        }
    }

    /// The class of all photos, or `nil` if `--class` is absent.
    var classLabel: ClassLabel? {
        get throws {
            guard let label else { return nil }
            do throws(SettingsFault) {
                return try ClassLabel(label)
            } catch {
                throw ValidationError(error.detail)
            }
        }
    }
}
