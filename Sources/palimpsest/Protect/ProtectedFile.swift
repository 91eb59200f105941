import Cryptography
import FoundationEssentials
import JobModel

/// Tells pictures that were protected by an earlier call from others: by the report beside them, since they do not say so themselves.
enum ProtectedFile {
    /// What is said of such a picture.
    static let refusal =
        "The file is a picture that was protected already, as the report beside it says; name the original, or protect it again by --force."

    /// Whether the report beside a file is about this file.
    ///
    /// - Parameters:
    ///   - path: The file's path.
    ///   - bytes: What it holds.
    /// - Returns: Whether it is a picture as `protect` wrote it.
    static func isBesideItsReport(_ path: String, _ bytes: [UInt8]) -> Bool {
        guard path.hasSuffix(pictureSuffix) else { return false }
        guard let report = report(at: path.dropLast(pictureSuffix.count) + reportSuffix) else {
            return false
        }
        return report.outputSHA256 == SHA256.hash(bytes).hex
    }

    /// The report in a file, or `nil` if there is none.
    static func report(at path: String) -> ProtectionReport? {
        guard let bytes = try? PictureFile.read(path, expecting: 0, limit: maxReportBytes) else {
            return nil
        }
        return try? JSONDecoder().decode(ProtectionReport.self, from: Data(bytes))
    }

    /// What ends the names of pictures and reports.
    static let pictureSuffix = ".png"
    static let reportSuffix = ".json"
    /// More than any report has; what is larger is no report, and is not read into memory.
    private static let maxReportBytes = 1 << 20
}
