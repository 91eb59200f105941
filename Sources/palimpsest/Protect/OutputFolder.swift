import JobModel
import POSIX

/// The folders of a run: one for what is published, and one for what is not.
///
///     DIR/CLASS/NAME.png (.jpg, .webp)          results
///     REPORTS/CLASS/NAME.json                   their reports
///     REPORTS/palimpsest-classes.json           the classes, see ``ClassRegistry``
///     REPORTS/palimpsest-jobs.json              the jobs without results, see ``OpenJobs``
///     REPORTS/palimpsest-manifests/             signed manifests, see ``ResultFiles``
///
/// Earlier releases kept all of it in DIR. What they left there is still read; a report stays until
/// its picture is made again, and the other files move when they are next written.
final class OutputFolder: Sendable {
    typealias Fault = LockedFolder.Fault

    /// The folder of the pictures, and nothing else.
    let pictures: LockedFolder
    /// The folder of everything else; the same one if a run asks for that.
    let reports: LockedFolder

    /// The path of the pictures' folder.
    var path: String { pictures.path }

    /// Opens or makes both folders.
    ///
    /// - Parameters:
    ///   - path: The folder of the pictures.
    ///   - reports: The folder of the reports; `nil` for the one beside the pictures'.
    /// - Throws: ``CommandFault`` if a folder cannot be used.
    init(path: String, reports: String?) throws {
        pictures = try LockedFolder(path: path, option: "--out")
        let reportsPath = reports ?? Self.standardReports(of: pictures.path)
        if case .folder(let identity) = FileKind(path: reportsPath), identity == pictures.identity {
            self.reports = pictures
            return
        }
        do {
            self.reports = try LockedFolder(path: reportsPath, option: "--reports")
        } catch {
            pictures.removeIfMade()
            throw error
        }
    }

    /// Whether a folder is one of both.
    func contains(_ identity: FileIdentity) -> Bool {
        identity == pictures.identity || identity == reports.identity
    }

    /// Removes the temporary files of this run, and folders that it has made and left empty.
    func cleanUp() {
        for folder in [pictures, reports] {
            folder.removeTemporary()
            folder.removeIfMade()
        }
    }

    // MARK: - Names

    /// Returns the folder of a class's results.
    ///
    /// Earlier releases used the label itself as the name. Such a folder stays in use.
    func folder(of label: ClassLabel) -> String { "\(path)/\(folderName(of: label))" }

    /// Returns the folder of the reports on a class's results.
    func reportFolder(of label: ClassLabel) -> String {
        "\(reports.path)/\(folderName(of: label))"
    }

    func picturePath(of picture: PlannedPicture, in format: OutputFormat) -> String {
        "\(folder(of: picture.label))/\(picture.name.fileName(in: format))"
    }

    func reportPath(of picture: PlannedPicture) -> String {
        "\(reportFolder(of: picture.label))/\(picture.name.base)\(ProtectedFile.reportSuffix)"
    }

    /// Returns where earlier releases put a report: beside the picture.
    func earlierReportPath(of picture: PlannedPicture) -> String {
        "\(folder(of: picture.label))/\(picture.name.base)\(ProtectedFile.reportSuffix)"
    }

    func manifestPath(of job: JobIdentifier) -> String {
        "\(reports.path)/palimpsest-manifests/\(job).json"
    }

    /// Returns the place of a file that is read from where earlier releases kept it until it is
    /// there.
    func file(called name: String) -> (path: String, earlierPath: String?) {
        let (path, earlier) = ("\(reports.path)/\(name)", "\(pictures.path)/\(name)")
        let isEarlier =
            reports !== pictures && !FileSystem.isPresent(path) && FileSystem.isPresent(earlier)
        return (path, isEarlier ? earlier : nil)
    }

    /// Whether a class has results.
    func hasClass(called name: String) -> Bool {
        guard let label = try? ClassLabel(name), case .folder = FileKind(path: folder(of: label))
        else {
            return false
        }
        return true
    }

    /// Returns the folder of the reports for results in a folder, unless one is named: beside it.
    static func standardReports(of path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        guard !["", ".", ".."].contains(last) else {
            let resolved = FileSystem.resolved(path) ?? ""
            return (resolved == "/" ? "/palimpsest" : resolved) + reportsSuffix
        }
        return path + reportsSuffix
    }

    private static let reportsSuffix = "-reports"

    private func folderName(of label: ClassLabel) -> String {
        if label.folderName != label.text, case .folder = FileKind(path: "\(path)/\(label)") {
            return label.text
        }
        return label.folderName
    }
}
