import POSIX

/// The folder that photos are given back into, each under the relative path of its picture.
struct OriginalsFolder {
    /// What has a photo's name already.
    enum Occupant {
        case file
        case other
    }

    private let folder: LockedFolder

    var path: String { folder.path }

    /// Opens or makes the folder.
    ///
    /// - Throws: ``CommandFault`` if it cannot be used, or another call is writing to it.
    init(path: String) throws {
        folder = try LockedFolder(path: path, option: "--out")
    }

    /// Removes temporary files, and the folder if this call has made it and nothing lies in it.
    func cleanUp() {
        folder.removeTemporary()
        folder.removeIfMade()
    }

    /// Has a forked child, which calls this, hold neither the folder nor its lock.
    func dropInChild() { folder.dropInChild() }

    // MARK: - Photos

    func path(of picture: LockedPicture) -> String { "\(folder.path)/\(picture.photoPath)" }

    /// Returns what has a photo's name already; `nil` if nothing has.
    func occupant(of picture: LockedPicture) -> Occupant? {
        guard let status = try? FileStatus(of: path(of: picture), followingLinks: false) else {
            return nil
        }
        return status.kind == .file ? .file : .other
    }

    /// Creates a photo's file, which only its owner may read and which has no name yet.
    func file(for picture: LockedPicture) throws(CommandFault) -> StagedFile {
        do throws(LockedFolder.Fault) {
            return try folder.stagedFile(for: path(of: picture), isSecret: true)
        } catch {
            throw CommandFault("The photo could not be written: \(error).")
        }
    }

    /// Gives a photo's file its name.
    ///
    /// It survives a power cut from then on, so that no later call passes over half of it.
    func publish(
        _ file: consuming StagedFile,
        of picture: LockedPicture
    ) throws(CommandFault) {
        try requireNoLinks(on: picture)
        do throws(LockedFolder.Fault) {
            try folder.makeFolder(of: path(of: picture))
        } catch {
            throw CommandFault("The photo could not be written: \(error).")
        }
        do throws(SystemError) {
            try file.publish(replacingExisting: false, durability: .bytes)
        } catch {
            throw CommandFault("The photo could not be written: \(error.words).")
        }
    }

    /// Requires that the folders of a photo are no links.
    ///
    /// Their names come from the archive. If this folder lies in it, so may the links.
    private func requireNoLinks(on picture: LockedPicture) throws(CommandFault) {
        var path = folder.path
        for name in picture.photoPath.split(separator: "/").dropLast() {
            path += "/\(name)"
            if (try? FileStatus(of: path, followingLinks: false).kind) == .link {
                throw CommandFault("\(path) is a link, and nothing is written through links.")
            }
        }
    }
}
