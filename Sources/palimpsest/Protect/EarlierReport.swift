import JobModel
import POSIX

/// The report that an earlier run wrote on a picture.
struct EarlierReport {
    private let path: String
    let report: ProtectionReport

    /// Reads the report from the folder of the reports, or from beside the picture, where earlier
    /// releases put it; `nil` if there is none.
    init?(on picture: PlannedPicture, in output: OutputFolder) {
        for path in [output.reportPath(of: picture), output.earlierReportPath(of: picture)] {
            if let report = ProtectedFile.report(at: path) {
                (self.path, self.report) = (path, report)
                return
            }
        }
        return nil
    }

    /// Removes the report unless it was overwritten, and the picture that it is about unless that
    /// was.
    ///
    /// - Parameters:
    ///   - newPath: The path of the new report.
    ///   - format: The format of the new picture.
    ///   - picture: The photo and the name of its result.
    ///   - output: The folders of the run.
    func remove(
        besides newPath: String,
        _ format: OutputFormat,
        of picture: PlannedPicture,
        in output: OutputFolder
    ) {
        if path != newPath { _ = try? FileSystem.unlink(path) }
        if report.output.format != format {
            _ = try? FileSystem.unlink(output.picturePath(of: picture, in: report.output.format))
        }
    }
}
