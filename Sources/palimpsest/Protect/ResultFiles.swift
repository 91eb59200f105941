import FoundationEssentials
import JobModel
import POSIX

/// Writes protected pictures and their reports to their folders, and counts them.
struct ResultFiles: Sendable {
    let output: OutputFolder
    let isOverwriting: Bool
    let progress: Progress

    /// Writes the report, then the picture, so that every picture has a report.
    ///
    /// A file is replaced only if its report shows that it was made from the same photo. What such a
    /// picture was before in another format goes, as does a report that an earlier release has put
    /// beside it.
    ///
    /// - Parameters:
    ///   - picture: The photo and the name of its result.
    ///   - file: The protected picture.
    ///   - report: The report.
    ///   - isOverwriting: Whether to replace a result of the same photo.
    func write(
        _ picture: PlannedPicture,
        _ file: [UInt8],
        _ report: ProtectionReport,
        isOverwriting: Bool
    ) {
        let format = report.output.format
        let picturePath = output.picturePath(of: picture, in: format)
        let reportPath = output.reportPath(of: picture)
        let earlier = EarlierReport(on: picture, in: output)
        let isOwn = earlier?.report.inputSHA256 == report.inputSHA256
        let replaces = isOwn && isOverwriting
        do {
            guard replaces || !FileSystem.isPresent(picturePath) else {
                // An interrupted run may have written this very picture.
                guard isThere(picturePath, file) else {
                    return refuse(picture, picturePath, isOwn: isOwn)
                }
                if !isOwn {
                    try output.reports.write(
                        try Self.json(report, of: picture),
                        to: reportPath,
                        isOverwriting: false
                    )
                }
                return progress.succeed(picture, at: picturePath, report.mask)
            }
            try output.reports.write(
                try Self.json(report, of: picture),
                to: reportPath,
                isOverwriting: isOwn
            )
            do {
                try output.pictures.write(file, to: picturePath, isOverwriting: replaces)
            } catch {
                // A report must not lie beside a picture that it does not describe.
                if !isOwn { _ = try? FileSystem.unlink(reportPath) }
                throw error
            }
            if replaces { earlier?.remove(besides: reportPath, format, of: picture, in: output) }
            progress.succeed(picture, at: picturePath, report.mask)
        } catch let fault as OutputFolder.Fault where fault.isOfTakenName {
            refuse(picture, picturePath, isOwn: isOwn)
        } catch {
            fail(picture, "output_failed", "The result could not be written: \(error).")
        }
    }

    /// Stores the signed manifest of a job.
    ///
    /// - Throws: ``CommandFault`` if it cannot be written.
    func keep(_ signed: JobArchive.ManifestAndSignature, of job: JobIdentifier) throws {
        let path = output.manifestPath(of: job)
        do {
            let signaturePath = path + SignedManifest.signatureSuffix
            try output.reports.write(signed.signature, to: signaturePath, isOverwriting: true)
            try output.reports.write(signed.manifest, to: path, isOverwriting: true)
        } catch {
            throw CommandFault("\(StandardError.printable(path)) could not be written: \(error).")
        }
    }

    /// Counts a picture that was not protected, and prints the reason.
    func fail(_ picture: PlannedPicture, _ code: String, _ detail: String) {
        fail(picture, ImageFailure(code: code, detail: detail))
    }

    /// Counts a picture that was not protected, and prints the reason.
    func fail(_ picture: PlannedPicture, _ failure: ImageFailure) {
        progress.fail(PictureFault(path: picture.shownPath, failure: failure))
    }

    private func refuse(_ picture: PlannedPicture, _ picturePath: String, isOwn: Bool) {
        let path = StandardError.printable(picturePath)
        fail(
            picture,
            "output_exists",
            isOwn
                ? "A result for it appeared meanwhile, \(path); --force overwrites it."
                : "A file that is not its result appeared meanwhile, \(path) or its report; "
                    + "the same call again finds another name."
        )
    }

    private func isThere(_ path: String, _ file: [UInt8]) -> Bool {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(path, expecting: file.count, limit: file.count) == file
        } catch {
            return false
        }
    }

    private static func json(
        _ report: ProtectionReport,
        of picture: PlannedPicture
    ) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let named = NamedReport(source: SourcePath.shown(picture.shownPath), report: report)
        return Array(try encoder.encode(named)) + [UInt8(ascii: "\n")]
    }
}
