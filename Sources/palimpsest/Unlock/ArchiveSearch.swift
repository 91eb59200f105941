import JobModel
import POSIX

/// The protected pictures in an unpacked archive, at any depth, and what keeps others from being
/// unlocked.
///
/// Links are not followed: an archive comes from a service that is not trusted. Everything that is
/// neither a picture nor a recovery file is passed over, and so are previews.
struct ArchiveSearch {
    /// What was found, in the order of the names.
    enum Finding {
        case picture(LockedPicture)
        case fault(path: String, detail: String)
    }

    private(set) var findings: [Finding] = []
    /// Links to folders, which were not followed.
    private(set) var leftLinks: [String] = []
    /// Whether any recovery file was found, or something that may hide one.
    private(set) var holdsRecovery = false

    private let output: FileIdentity?

    /// Searches a folder.
    ///
    /// - Parameters:
    ///   - folder: The path of the folder.
    ///   - output: The folder of the photos, which is not searched; `nil` if there is none yet.
    init(_ folder: String, except output: FileIdentity?) {
        self.output = output
        search(folder, inside: "")
    }

    // MARK: - Steps

    private mutating func search(_ folder: String, inside prefix: String) {
        let names: [FolderListing.Name]
        do throws(SystemError) {
            names = try FolderListing.names(in: folder)
        } catch {
            return fail(folder, "The folder could not be read: \(error.words).")
        }
        var entries = FolderEntries(folder: folder, prefix: prefix)
        for name in names {
            switch name {
            case .text(let name): entries.add(name)
            case .bytes(let escaped):
                fail(
                    folder,
                    "The name \(escaped) in this folder is not UTF-8; rename the file."
                )
            }
        }
        for entry in entries.all { take(entry, of: entries) }
    }

    private mutating func take(_ entry: FolderEntries.Entry, of entries: FolderEntries) {
        let path = entries.path(entry.name)
        switch entry.kind {
        case .folder(let identity):
            guard identity != output, FileRule.reason(ofFolder: entry.name) == nil else { return }
            search(path, inside: "\(entries.prefix)\(entry.name)/")
        case .fault(let error):
            fail(path, "It could not be read: \(error.words).")
        case .link where entries.leadsToFolder(entry.name):
            leftLinks.append(path)
        case .file, .link, .other:
            if let picture = ArchiveFiles.picture(entry.name) {
                take(entry, picture.base, picture.format, of: entries)
            } else if let base = ArchiveFiles.recoveryBase(entry.name) {
                holdsRecovery = true
                if !entries.hasPicture(base) {
                    fail(path, "The picture \(base).png that it belongs to is not beside it.")
                }
            }
        }
    }

    private mutating func take(
        _ entry: FolderEntries.Entry,
        _ base: String,
        _ format: OutputFormat,
        of entries: FolderEntries
    ) {
        // Beside the PNG, which gives back the photo, a picture of another format is a copy.
        guard format == .png || !entries.hasPNG(base) else { return }
        let path = entries.path(entry.name)
        let recovery = base + ArchiveFiles.recoverySuffix
        switch (entries.kind(recovery), entry.kind) {
        case (.file, .file):
            let picture = LockedPicture(
                path: path,
                recoveryPath: entries.path(recovery),
                photoPath: entries.prefix + (format == .png ? entry.name : "\(base).png")
            )
            findings.append(.picture(picture))
        case (.file, _):
            fail(path, "It is a link or the like, which is not followed.")
        case (.link, _), (.other, _):
            fail(path, "\(recovery) beside it is a link or the like, which is not followed.")
        case (.folder, _), (.fault, _), (nil, _):
            if let shown = ArchiveFiles.previewBase(entry.name), entries.hasPNG(shown) { return }
            guard FileRule.reason(ofFile: entry.name) == nil else { return }
            let detail =
                format.isLossless
                ? "There is no recovery file \(recovery) beside it."
                : RecoveryFault.lossyPicture(format).sentence(picture: "It", recoveryFile: recovery)
            findings.append(.fault(path: path, detail: detail))
        }
    }

    /// Adds a fault that keeps a photo from being unlocked, or may do so.
    private mutating func fail(_ path: String, _ detail: String) {
        holdsRecovery = true
        findings.append(.fault(path: path, detail: detail))
    }
}
