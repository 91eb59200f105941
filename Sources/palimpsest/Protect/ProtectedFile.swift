import Cryptography
import FoundationEssentials
import JobModel

/// Recognises pictures protected by an earlier run.
///
/// The pictures carry no mark, so the report beside them decides.
enum ProtectedFile {
    /// The failure of such a picture.
    static let refusal = ImageFailure(
        code: "image_already_protected",
        detail:
            "The file is a picture that was protected already, as the report beside it says; name the original, or protect it again by --force."
    )

    /// Whether the report beside a file describes that file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - sha256: Computes the hash of its content.
    /// - Returns: Whether the file is a picture as `protect` or `submit` wrote it.
    static func isBesideItsReport(_ path: String, _ sha256: () -> SHA256Digest) -> Bool {
        guard path.hasSuffix(pictureSuffix) else { return false }
        guard let report = report(at: path.dropLast(pictureSuffix.count) + reportSuffix) else {
            return false
        }
        return report.outputSHA256 == sha256().hex
    }

    /// Reads a report, or returns `nil` if the file is not one.
    static func report(at path: String) -> ProtectionReport? {
        guard let bytes = try? PictureFile.read(path, expecting: 0, limit: maxReportBytes) else {
            return nil
        }
        return try? JSONDecoder().decode(ProtectionReport.self, from: Data(bytes))
    }

    /// The suffixes of pictures and reports.
    static let pictureSuffix = ".png"
    static let reportSuffix = ".json"
    /// Longer than any report; a larger file is not read into memory.
    private static let maxReportBytes = 1 << 20
}
