import Cryptography
import JobModel
import POSIX

/// A photo to protect, and where its result goes.
struct PlannedPicture: Sendable {
    /// The path of the photo.
    let path: String
    /// The path as the user knows it: ``InputFile/standardInput`` for what came from there.
    let shownPath: String
    /// The name under which a service knows the photo, made printable by `SourcePath`.
    ///
    /// It is the named folder's name with the photo's path inside it.
    let source: String
    /// The size in bytes before reading; the file may change until then.
    let size: Int
    /// The class.
    let label: ClassLabel
    /// The base name of the result.
    var name: OutputName
    /// The photo's hash; computed in advance only if existing results have to be compared with it.
    var sha256: SHA256Digest?
}

/// A photo that was not protected, and why.
struct PictureFault: Sendable {
    let path: String
    let failure: ImageFailure
    /// Whether the photo has a result of an earlier run.
    var isDone = false
}

/// What to do with a photo that already has a result.
enum ExistingResults {
    /// Report an error.
    case refused
    /// Protect it again.
    case overwritten
    /// Skip it, as when resuming an interrupted run.
    case kept
}

/// The work of one run, determined before any photo is protected.
///
/// Arguments are taken in order, and the contents of a folder in the order of their names' bytes.
/// Classes and numbered names must not depend on the order in which a file system lists files.
struct InputPlan {
    private(set) var pictures: [PlannedPicture] = []
    private(set) var faults: [PictureFault] = []
    /// The skipped files that are not pictures.
    private var passedOver = PassedOver()
    /// The folders that contain only class folders and are passed through.
    private var wrappers: [String] = []
    /// The links to folders that were not followed.
    private var leftLinks: [String] = []
    /// The class of every photo that has one, whatever happens to the photo.
    private var labels: [ClassLabel] = []
    /// The number of photos skipped because they have a result.
    private var kept = 0
    /// How many of the skipped photos were protected with other settings than those of this run.
    private var keptOfOtherSettings = 0
    /// The number of photos that have a result, if there is nothing else to report.
    private var done = 0
    /// The number of photos that an interrupted run sent or was about to send.
    private var resumed = 0
    /// One sentence for each result that does not get its usual name, with the reason.
    private var renamed: [String] = []
    /// Whether the results would lie among the photos.
    private var outputOverlapsInput = false

    private var sources: Set<FileIdentity> = []
    private var paths: Set<String> = []
    private let inputs: [String]
    /// The format of the results.
    let format: OutputFormat
    private let output: OutputFolder
    private let label: ClassLabel?
    /// Where the standard input was stored; `nil` if it is not among the inputs.
    private let standardInput: String?

    /// Examines the arguments.
    ///
    /// - Parameters:
    ///   - inputs: The paths of files and folders.
    ///   - standardInput: Where the bytes of ``InputFile/standardInput`` were stored.
    ///   - label: The class of all photos; `nil` to take the classes from the folders.
    ///   - output: The output folder, which is not searched for photos.
    ///   - existing: What to do with photos that have a result.
    ///   - settings: The settings of this run.
    ///   - open: The photos that interrupted runs sent or were about to send, which are left out.
    ///   - isQuiet: Whether to suppress the progress message on a terminal.
    init(
        inputs: [String],
        standardInput: String? = nil,
        label: ClassLabel?,
        output: OutputFolder,
        existing: ExistingResults,
        settings: ProtectionSettings,
        open: [Batch.Entry] = [],
        isQuiet: Bool
    ) {
        self.inputs = inputs
        self.output = output
        format = settings.output.format
        self.label = label
        self.standardInput = standardInput
        for input in inputs {
            if let standardInput, input == InputFile.standardInput {
                add(standardInput, in: "", album: nil)
                continue
            }
            let path = input.count > 1 && input.hasSuffix("/") ? String(input.dropLast()) : input
            switch FileKind(path: path) {
            case .folder(let identity):
                outputOverlapsInput = outputOverlapsInput || identity == output.pictures.identity
                search(path)
            case .file, .other, .fault: add(path, in: "", album: nil)
            }
        }
        let sorted = EarlierResultSorting(
            of: pictures,
            sources,
            in: output,
            existing,
            settings: settings,
            open: open,
            isQuiet: isQuiet
        )
        pictures = sorted.pictures
        faults += sorted.faults
        (kept, resumed, renamed) = (sorted.kept, sorted.resumed, sorted.renamed)
        keptOfOtherSettings = sorted.keptOfOtherSettings
        // If there is nothing else to report, one sentence covers all finished photos.
        if pictures.isEmpty, faults.isEmpty, open.isEmpty {
            done = sorted.done.count
        } else {
            faults += sorted.done
        }
    }

    // MARK: - What to say about it

    /// The reason why the run as a whole cannot do anything; `nil` if it can.
    var refusal: String? {
        guard !outputOverlapsInput else {
            return "The results would lie among the photos; name another folder by --out."
        }
        guard pictures.isEmpty, kept + done + resumed == 0 else { return nil }
        guard !faults.isEmpty else {
            let shown = inputs.prefix(3).map(StandardError.printable).joined(separator: ", ")
            let passed =
                switch passedOver.total {
                case 0: ""
                case 1: "; the one file there is not a picture"
                case let count: "; the \(count) files there are not pictures (\(passedOver.words))"
                }
            return "There is no picture in \(shown)\(inputs.count > 3 ? ", …" : "")\(passed)."
        }
        guard faults.allSatisfy({ $0.failure.code == Self.classMissing }) else { return nil }
        return faults.count == 1
            ? "The photo lies in no class folder; name its class by --class NAME."
            : "None of the \(faults.count) photos lies in a class folder; name their class by --class NAME."
    }

    /// The classes and the skipped files, links and photos; `nil` if there is nothing to report.
    var remark: String? {
        var remarks = searchRemarks
        if kept > 0 {
            remarks.append(
                "left out \(kept) \(kept == 1 ? "photo that has" : "photos that have") a result"
            )
        }
        if keptOfOtherSettings > 0 {
            remarks.append(
                "\(keptOfOtherSettings) of these results \(keptOfOtherSettings == 1 ? "was" : "were") "
                    + "made with other settings; --force instead of --skip-existing replaces them"
            )
        }
        remarks += renamed.prefix(Self.mostNamed)
        if renamed.count > Self.mostNamed {
            remarks.append(
                "and \(renamed.count - Self.mostNamed) more photos get other names for such reasons"
            )
        }
        return remarks.isEmpty ? nil : remarks.joined(separator: "\n")
    }

    /// The message that every photo already has a result; `nil` if there is something to do.
    var completion: String? {
        guard pictures.isEmpty, faults.isEmpty, resumed == 0 else { return nil }
        guard kept == 0 else { return "nothing to do" }
        guard done > 0 else { return nil }
        let photos = done == 1 ? "1 photo has a result" : "\(done) photos have results"
        return "\(photos) already; nothing to do (--force protects them again)"
    }

    /// Whether this run found a photo, whatever happens to it.
    func considers(_ absolutePath: String) -> Bool { paths.contains(absolutePath) }

    /// The remarks about skipped files and links, and the classes found.
    private var searchRemarks: [String] {
        var remarks = wrappers.map { folder in
            "passed through \(StandardError.printable(folder)), which holds only folders; each of them is a class"
        }
        if let first = passedOver.examples.first {
            let files = passedOver.total == 1 ? "1 file: " : "\(passedOver.total) files, such as "
            remarks.append(
                "passed over \(files)\(StandardError.printable(first)) (\(passedOver.words))"
            )
        }
        remarks += leftLinks.prefix(Self.mostNamed).map { path in
            "did not follow \(StandardError.printable(path)): it leads to a folder that is searched anyway, or around one"
        }
        if leftLinks.count > Self.mostNamed {
            remarks.append(
                "did not follow \(leftLinks.count - Self.mostNamed) more links of this kind"
            )
        }
        let classes = ClassCount.of(labels)
        if !classes.isEmpty {
            let named = classes.prefix(Self.mostNamed).map { count in
                "\(StandardError.printable(count.label.text)) (\(count.images) \(count.images == 1 ? "photo" : "photos"))"
            }
            let more =
                classes.count > named.count ? ", and \(classes.count - named.count) more" : ""
            remarks.append("classes: \(named.joined(separator: ", "))\(more)")
        }
        return remarks
    }

    private static let classMissing = "class_missing"
    /// The maximum number of classes, links and renamed photos that are listed one by one.
    private static let mostNamed = 20

    // MARK: - Searching

    /// Adds the photos of a folder named on the command line.
    private mutating func search(_ folder: String) {
        let search = FolderSearch(folder, except: output)
        passedOver.add(contentsOf: search.passedOver)
        leftLinks += search.leftLinks
        outputOverlapsInput = outputOverlapsInput || search.outputHoldsPhotos
        // A class with results remains a class, whatever has been added to the folder or removed.
        let layout = AlbumLayout(photos: search.photoFolders, needsSeveral: true) {
            output.hasClass(called: $0)
        }
        if label == nil, !layout.wrappers.isEmpty {
            wrappers.append(([folder] + layout.wrappers).joined(separator: "/"))
        }
        for finding in search.findings {
            switch finding {
            case .photo(let path, let folders):
                let source = ([Self.shownName(of: folder)] + folders).compactMap(\.self)
                    .joined(separator: "/")
                add(path, in: source, album: layout.album(of: folders))
            case .fault(let path, let detail): refuse(path, "input_unreadable", detail)
            }
        }
    }

    /// Returns the folder name that a service may know; `nil` if the path does not contain it.
    ///
    /// The service need not know where the folder lies.
    private static func shownName(of folder: String) -> String? {
        folder.split(separator: "/").last.map(String.init).flatMap {
            [".", ".."].contains($0) ? nil : $0
        }
    }

    /// Adds a photo.
    ///
    /// - Parameters:
    ///   - path: The path of the photo.
    ///   - folder: The photo's folder as told to a service; empty if there is none.
    ///   - album: The name of the photo's album, or `nil` if it lies in none.
    private mutating func add(_ path: String, in folder: String, album: String?) {
        switch FileKind(path: path) {
        case .file(let identity, let size):
            guard size <= FileProtection.maxFileBytes else {
                let failure = PictureFile.tooLarge(FileProtection.maxFileBytes).failure
                return refuse(path, failure.code, failure.detail)
            }
            guard let label = checkedLabel(album, of: path) else { return }
            labels.append(label)
            sources.insert(identity)
            paths.insert(Batch.absolute(path))
            // Conflicts between names are resolved once all photos are known.
            let name = OutputName(sanitizing: path, fallback: "image")
            let own = path.split(separator: "/").last.map(String.init) ?? path
            let source = SourcePath.shown(folder.isEmpty ? own : "\(folder)/\(own)")
            pictures.append(
                PlannedPicture(
                    path: path,
                    shownPath: path == standardInput ? InputFile.standardInput : path,
                    source: source,
                    size: size,
                    label: label,
                    name: name
                )
            )
        case .folder, .other: refuse(path, "input_unreadable", "This is no file.")
        case .fault(let error):
            refuse(path, "input_unreadable", "The file could not be read: \(error.words).")
        }
    }

    private mutating func checkedLabel(_ album: String?, of path: String) -> ClassLabel? {
        if let label { return label }
        guard let album else {
            refuse(
                path,
                Self.classMissing,
                "The photo lies in no class folder; name its class by --class NAME."
            )
            return nil
        }
        do throws(SettingsFault) {
            return try ClassLabel(album)
        } catch {
            refuse(path, error.code.rawValue, "The class is its folder's name. \(error.detail)")
            return nil
        }
    }

    // MARK: - Refusing

    private mutating func refuse(_ path: String, _ code: String, _ detail: String) {
        let shown = path == standardInput ? InputFile.standardInput : path
        faults.append(PictureFault(path: shown, failure: ImageFailure(code: code, detail: detail)))
    }
}
