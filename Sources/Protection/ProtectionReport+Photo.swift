import Imaging
import JobModel

extension ProtectionReport {
    /// Creates the report on a released photo; the caller sets the hashes and the method.
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
            bound: bound,
            maxAbsoluteDifference: quality.maxAbsoluteDifference,
            psnr: quality.psnr,
            ssim: quality.ssim,
            label: label,
            artefactSHA256: "",
            modelSHA256: "",
            inputSHA256: "",
            outputSHA256: "",
            inputFormat: photo.sourceFormat.rawValue,
            luminanceOnly: photo.layout.colorChannels == 1,
            workingWidth: workingSize.width,
            workingHeight: workingSize.height,
            leftOut: (photo.colorOmissions + photo.metadata.omissions).map { omission in
                LeftOut(part: omission.part.rawValue, reason: omission.reason.rawValue)
            }
        )
    }
}
