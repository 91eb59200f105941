import HTTPServer
import HTTPTypes
import JobModel

extension APIError {
    /// The refusal of a request none of whose images is usable, with the fault of each.
    static func nothingTaken(_ images: [UploadedImage]) -> APIError {
        let faults = images.compactMap { image -> Problem.FileFault? in
            guard case .refused(let failure) = image.content else { return nil }
            return Problem.FileFault(
                source: image.source,
                code: failure.code,
                detail: failure.detail
            )
        }
        let code =
            images.contains { $0.isWithoutClass }
            ? classMissing.code : SettingsFault.Code.classInvalid.rawValue
        let words =
            faults.count == 1
            ? faults[0].detail
            : "None of the \(faults.count) images can be accepted; 'faults' gives the reason for each."
        let advice = code == classMissing.code ? " \(classMissing.detail)" : ""
        var error = APIError(.badRequest, code, words + advice)
        error.faults = Array(faults.prefix(maxFaults))
        error.faultsTotal = faults.count
        return error
    }

    /// The refusal of a request that contains no image.
    static func jobEmpty(_ passedOver: PassedOver) -> APIError {
        guard passedOver.total > 0 else { return jobEmpty }
        let files = passedOver.total == 1 ? "1 file was" : "\(passedOver.total) files were"
        return APIError(
            jobEmpty.status,
            jobEmpty.code,
            "\(jobEmpty.detail) \(files) passed over: \(passedOver.words)."
        )
    }
}
