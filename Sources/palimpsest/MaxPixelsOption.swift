import ArgumentParser
import CodecProtocol
import Imaging
import JobModel

/// The `--max-pixels` option of the commands that decode pictures.
struct MaxPixelsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The most pixels of a picture, to \(ImageCost.maxPixelsRange.upperBound). A process \
            that decodes takes up to 20 bytes of memory for each, and 50 with previews or recovery.
            """,
            valueName: "n"
        )
    )
    var maxPixels = ImageLimits().maxPixels

    func validate() throws {
        let range = ImageCost.maxPixelsRange
        guard range.contains(maxPixels) else {
            throw ValidationError(
                "--max-pixels must be a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
    }

    /// The limits that a decoder enforces.
    var limits: ImageLimits {
        var limits = ImageLimits()
        limits.maxPixels = maxPixels
        return limits
    }

    /// The address space limit in bytes for a process that decodes such pictures.
    var addressSpaceBytes: UInt64 { PixelScale(maxPixels: maxPixels).addressSpaceBytes }
}
