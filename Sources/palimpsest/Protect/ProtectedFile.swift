import Cryptography
import FoundationEssentials
import JobModel

/// Recognises pictures protected by an earlier run.
///
/// The pictures carry no mark, so their report decides. It is looked for where runs put it unless
/// `--reports` names another folder, and beside the picture, where earlier releases put it.
enum ProtectedFile {
    /// The failure of such a picture.
    static let refusal = ImageFailure(
        code: "image_already_protected",
        detail:
            "The file is a picture that was protected already, as its report says; name the original, or protect it again by --force."
    )

    /// Whether a report in its usual place describes a file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - sha256: Computes the hash of its content.
    /// - Returns: Whether the file is a picture as `protect` or `submit` wrote it.
    static func hasReport(_ path: String, _ sha256: () -> SHA256Digest) -> Bool {
        guard let suffix = pictureSuffixes.first(where: path.hasSuffix) else { return false }
        let own = String(path.dropLast(suffix.count)) + reportSuffix
        let reports = [own, usualReport(own)].compactMap(\.self)
        guard let report = reports.lazy.compactMap(report).first else { return false }
        return report.outputSHA256 == sha256().hex
    }

    /// Returns the path of a report in the usual folder, from what it would be beside the picture:
    /// `DIR/CLASS/NAME.json` becomes `DIR-reports/CLASS/NAME.json`.
    private static func usualReport(_ path: String) -> String? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 3 else { return nil }
        let folder = OutputFolder.standardReports(of: parts.dropLast(2).joined(separator: "/"))
        return "\(folder)/\(parts[parts.count - 2])/\(parts[parts.count - 1])"
    }

    /// Reads a report, or returns `nil` if the file is not one.
    static func report(at path: String) -> ProtectionReport? {
        guard let bytes = try? PictureFile.read(path, expecting: 0, limit: maxReportBytes) else {
            return nil
        }
        return try? JSONDecoder().decode(ProtectionReport.self, from: Data(bytes))
    }

    /// The suffixes of pictures and reports.
    static let pictureSuffixes = OutputFormat.allCases.map { ".\($0.fileExtension)" }
    static let reportSuffix = ".json"
    /// Longer than any report; a larger file is not read into memory.
    private static let maxReportBytes = 1 << 20
}
