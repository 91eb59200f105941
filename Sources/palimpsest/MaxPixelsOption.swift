import ArgumentParser
import CodecProtocol
import Imaging
import JobModel

/// The option of how large a picture may be, for every command that decodes some.
struct MaxPixelsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The most pixels of a picture, to \(ImageCost.settablePixels.upperBound). A process that decodes takes up to 20 bytes of memory \
            for each, and 50 with previews or recovery.
            """,
            valueName: "n"
        )
    )
    var maxPixels = ImageLimits().maxPixels

    func validate() throws {
        let range = ImageCost.settablePixels
        guard range.contains(maxPixels) else {
            throw ValidationError(
                "--max-pixels must be a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
    }

    /// What a picture may claim.
    var limits: ImageLimits {
        var limits = ImageLimits()
        limits.maxPixels = maxPixels
        return limits
    }

    /// The most address space of a process that decodes such pictures.
    var addressSpaceBytes: UInt64 { PixelScale(maxPixels: maxPixels).addressSpaceBytes }
}
