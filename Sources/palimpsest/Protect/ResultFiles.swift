import FoundationEssentials
import JobModel
import POSIX

/// Writes protected pictures and their reports to the output folder, and counts them.
struct ResultFiles: Sendable {
    let output: OutputFolder
    let isOverwriting: Bool
    let progress: Progress

    /// Writes the report, then the picture, so that every picture has a report.
    ///
    /// A file is replaced only if the report beside it shows that it was made from the same photo.
    ///
    /// - Parameters:
    ///   - picture: The photo and the name of its result.
    ///   - png: The protected picture.
    ///   - report: The report.
    ///   - isOverwriting: Whether to replace a result of the same photo.
    func write(
        _ picture: PlannedPicture,
        _ png: [UInt8],
        _ report: ProtectionReport,
        isOverwriting: Bool
    ) {
        let (picturePath, reportPath) = (
            output.picturePath(of: picture), output.reportPath(of: picture)
        )
        let isOwn = ProtectedFile.report(at: reportPath)?.inputSHA256 == report.inputSHA256
        let replaces = isOwn && isOverwriting
        do {
            guard replaces || !FileSystem.isPresent(picturePath) else {
                // An interrupted run may have written this very picture.
                guard isThere(picturePath, png) else { return refuse(picture, isOwn: isOwn) }
                if !isOwn {
                    try output.write(
                        try Self.json(report, of: picture),
                        to: reportPath,
                        isOverwriting: false
                    )
                }
                return progress.succeed(picture, at: picturePath, report.mask)
            }
            try output.write(
                try Self.json(report, of: picture),
                to: reportPath,
                isOverwriting: isOwn
            )
            do {
                try output.write(png, to: picturePath, isOverwriting: replaces)
            } catch {
                // A report must not lie beside a picture that it does not describe.
                if !isOwn { _ = try? FileSystem.unlink(reportPath) }
                throw error
            }
            progress.succeed(picture, at: picturePath, report.mask)
        } catch let fault as OutputFolder.Fault where fault.isOfTakenName {
            refuse(picture, isOwn: isOwn)
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
            try output.write(signed.signature, to: signaturePath, isOverwriting: true)
            try output.write(signed.manifest, to: path, isOverwriting: true)
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

    private func refuse(_ picture: PlannedPicture, isOwn: Bool) {
        let path = StandardError.printable(output.picturePath(of: picture))
        fail(
            picture,
            "output_exists",
            isOwn
                ? "A result for it appeared meanwhile, \(path); --force overwrites it."
                : "A file that is not its result appeared meanwhile, \(path) or the report beside it; "
                    + "the same call again finds another name."
        )
    }

    private func isThere(_ path: String, _ png: [UInt8]) -> Bool {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(path, expecting: png.count, limit: png.count) == png
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
