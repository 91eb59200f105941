import Imaging
import JobModel

extension ProtectionReport {
    /// Creates the report on a released photo; the caller sets the hashes and the method, and for a
    /// lossy format measures the file.
    init(
        of photo: Photo,
        _ quality: ImageQuality,
        settings: ProtectionSettings,
        mask: AppliedMask,
        maskMean: Double?,
        bound: Int?,
        label: ClassLabel,
        workingSize: (width: Int, height: Int)
    ) {
        self.init(
            width: photo.width,
            height: photo.height,
            bitDepth: photo.depth.rawValue,
            mode: settings.mode,
            strength: settings.strength,
            clip: settings.clip,
            mask: mask,
            maskMean: maskMean,
            metadata: settings.metadata,
            output: settings.output,
            bound: settings.bound(bitDepth: photo.depth.rawValue),
            maxAbsoluteDifference: quality.maxAbsoluteDifference,
            psnr: quality.psnr,
            ssim: quality.ssim,
            lossless: settings.output.format.isLossless
                ? nil
                : LosslessFigures(
                    bound: bound,
                    maxAbsoluteDifference: quality.maxAbsoluteDifference
                ),
            label: label,
            artefactSHA256: "",
            modelSHA256: "",
            inputSHA256: "",
            outputSHA256: "",
            inputFormat: photo.sourceFormat.rawValue,
            luminanceOnly: photo.layout.colorChannels == 1,
            workingWidth: workingSize.width,
            workingHeight: workingSize.height,
            leftOut: (photo.sampleOmissions + photo.colorOmissions + photo.metadata.omissions).map {
                LeftOut(part: $0.part.rawValue, reason: $0.reason.rawValue)
            }
        )
    }

    /// Replaces the figures by those of the file as it is decoded again.
    mutating func measure(_ quality: ImageQuality) {
        maxAbsoluteDifference = quality.maxAbsoluteDifference
        psnr = quality.psnr
        ssim = quality.ssim
    }
}
