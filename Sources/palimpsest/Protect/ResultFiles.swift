import FoundationEssentials
import Glibc
import JobModel

/// Writes protected pictures with their reports to the folder of the results, and counts them.
struct ResultFiles: Sendable {
    let output: OutputFolder
    let isOverwriting: Bool
    let progress: Progress

    /// Writes the report, then the picture: where there is a picture there is its report.
    func write(_ picture: PlannedPicture, _ png: [UInt8], _ report: ProtectionReport) {
        do {
            let reportPath = output.reportPath(of: picture)
            // A report without its picture is what a call that was killed has left; any other file is somebody's.
            let isRemnant = isOverwriting || ProtectedFile.report(at: reportPath) != nil
            try output.write(try Self.json(report, of: picture), to: reportPath, isOverwriting: isRemnant)
            try output.write(png, to: output.picturePath(of: picture), isOverwriting: isOverwriting)
            progress.succeed()
        } catch let fault as OutputFolder.Fault where fault.code == EEXIST {
            // A call that was interrupted may have written this one already.
            guard !isThere(picture, png) else { return progress.succeed() }
            fail(picture, "output_exists", "A result for it appeared meanwhile; --force overwrites it.")
        } catch {
            fail(picture, "output_failed", "The result could not be written: \(error).")
        }
    }

    /// Keeps what a service has signed about a job.
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

    /// Counts a picture that is not protected, and says why.
    func fail(_ picture: PlannedPicture, _ code: String, _ detail: String) {
        fail(picture, ImageFailure(code: code, detail: detail))
    }

    /// Counts a picture that is not protected, and says why.
    func fail(_ picture: PlannedPicture, _ failure: ImageFailure) {
        progress.fail(PictureFault(path: picture.path, failure: failure))
    }

    private func isThere(_ picture: PlannedPicture, _ png: [UInt8]) -> Bool {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(output.picturePath(of: picture), expecting: png.count, limit: png.count) == png
        } catch {
            return false
        }
    }

    private static func json(_ report: ProtectionReport, of picture: PlannedPicture) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let named = NamedReport(source: SourcePath.shown(picture.path), report: report)
        return Array(try encoder.encode(named)) + [UInt8(ascii: "\n")]
    }
}
