import ArgumentParser
import Cryptography
import Imaging
import POSIX

/// The `unlock` command: restores the original photos of a whole unpacked archive for their owner.
struct UnlockCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unlock",
        abstract: "Gives back the photos of a whole folder of protected pictures.",
        discussion: """
            FOLDER is an unpacked archive, or holds several: pictures as they were delivered, at \
            any depth, each beside its recovery file (NAME.png and NAME.recovery). What 'recover' \
            does for one of them is done for all, with the passphrase or the key that was sent \
            with the photos. FOLDER/CLASS/NAME.png becomes DIR/CLASS/NAME.png, whose pixels have \
            been compared with the hash of the original's and which only its owner may read. \
            Nothing is overwritten, and a call that is interrupted leaves no half of a photo: the \
            same call goes on with --skip-existing.

            A photo that cannot be given back is reported as `path: reason` and stops none of the \
            others: a picture that was changed, a JPEG or WebP, a picture without its recovery \
            file, a recovery file without its picture. Other files are passed over, and so are \
            previews, DIR if it lies in FOLDER, and links, which are not followed.

            Exit status: 0 if all were given back, or are there already with --skip-existing; 1 if \
            any was not; 2 for wrong usage, and if FOLDER has nothing to unlock.
            """
    )

    @Argument(help: "The folder with the pictures and their recovery files.")
    var folder: String

    @Option(
        name: .customLong("out"),
        help: ArgumentHelp("The folder of the photos.", valueName: "dir")
    )
    var outputFolder: String

    @OptionGroup var secretOptions: RecoverySecretOptions

    @Flag(help: "Skip photos that are in DIR already, to continue an interrupted call.")
    var skipExisting = false

    @OptionGroup var jsonOption: JSONOption

    @OptionGroup var pixelsOption: MaxPixelsOption

    @OptionGroup var filterOption: SystemCallFilterOption

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        guard !folder.isEmpty else {
            throw ValidationError("Name the folder of the pictures.")
        }
        guard !outputFolder.isEmpty else {
            throw ValidationError("Name the folder of the photos by --out DIR.")
        }
    }

    func run() throws {
        let search = try search()
        var keys = SealingKeys(try secretOptions.read())
        try requireSandbox()
        let originals = try OriginalsFolder(path: outputFolder)
        defer { originals.cleanUp() }
        PhotoDecoder.prepare()
        var progress = UnlockProgress(total: search.findings.count, isQuiet: quiet)
        var pictures: [LockedPicture] = []
        for finding in search.findings {
            switch finding {
            case .fault(let path, let detail): progress.fail(path, detail)
            case .picture(let picture):
                if isMissing(picture, in: originals, &progress) { pictures.append(picture) }
            }
        }
        let check = SecretCheck(of: pictures, by: &keys)
        if let sentence = check.sentence { progress.tell(folder, sentence) }
        for (picture, reason) in check.refused {
            progress.fail(picture.path, reason.description, isTold: true)
        }
        var unlocking = PictureUnlocking(
            into: originals,
            by: keys,
            pixels: pixelsOption,
            filter: filterOption.systemCallFilter
        )
        for picture in check.remaining {
            do throws(CommandFault) {
                try unlocking.unlock(picture)
                progress.succeed()
            } catch {
                progress.fail(picture.path, error.description, wasTried: true)
            }
        }
        progress.finish(in: originals.path)
        if jsonOption.json { try jsonOption.write(progress.summary) }
        if !progress.summary.failed.isEmpty { throw ExitCode.failure }
    }

    // MARK: - Steps

    private func search() throws(UsageFault) -> ArchiveSearch {
        let shown = StandardError.printable(folder)
        let trimmed =
            folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let identity: FileIdentity
        switch FileKind(path: trimmed) {
        case .folder(let found): identity = found
        case .file, .other:
            throw UsageFault("\(shown) is not a folder; unpack the archive and name its folder.")
        case .fault(let error):
            throw UsageFault("The folder \(shown) could not be read: \(error.words).")
        }
        var output: FileIdentity?
        if case .folder(let found) = FileKind(path: outputFolder) { output = found }
        guard output != identity else {
            throw UsageFault("--out must name another folder than that of the pictures.")
        }
        let search = ArchiveSearch(trimmed, except: output)
        if let first = search.leftLinks.first, !quiet {
            let count = search.leftLinks.count
            let links =
                count == 1
                ? "the link \(StandardError.printable(first))"
                : "\(count) links, such as \(StandardError.printable(first))"
            StandardError.write("passed over \(links); links are not followed\n")
        }
        guard search.holdsRecovery else {
            let count = search.findings.count
            throw UsageFault(
                count == 0
                    ? "There is nothing to unlock in \(shown): it holds no recovery file (NAME.recovery)."
                    : "There is nothing to unlock in \(shown): beside its "
                        + "\(count == 1 ? "picture" : "\(count) pictures") lies no recovery file "
                        + "(NAME.recovery)."
            )
        }
        return search
    }

    /// Tells once that nothing can be decoded here, instead of for each picture.
    private func requireSandbox() throws {
        let canDecode = try SandboxedChild.run(
            memoryBytes: pixelsOption.addressSpaceBytes,
            filter: filterOption.systemCallFilter
        ) {}
        guard canDecode else { throw ExitCode.failure }
    }

    private func isMissing(
        _ picture: LockedPicture,
        in originals: OriginalsFolder,
        _ progress: inout UnlockProgress
    ) -> Bool {
        let path = originals.path(of: picture)
        switch originals.occupant(of: picture) {
        case nil: return true
        case .file where skipExisting:
            progress.skip()
        case .file:
            progress.fail(
                picture.path,
                "\(path) exists already; --skip-existing passes over what is there."
            )
        case .other:
            progress.fail(picture.path, "\(path) exists already, and is no file.")
        }
        return false
    }
}
