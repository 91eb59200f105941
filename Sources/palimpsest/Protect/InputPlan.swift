import Cryptography
import JobModel
import POSIX

/// One photo on its way from a path to a path.
struct PlannedPicture: Sendable {
    /// The photo.
    let path: String
    /// What it is called to a service: the folder that was named, and its path in it, see `SourcePath`.
    let source: String
    /// Its size in bytes, as far as is known before it is read.
    let size: Int
    /// Its class.
    let label: ClassLabel
    /// The base name of the result.
    var name: OutputName
    /// Its hash, where the results that there are made it necessary to know it.
    var sha256: SHA256Digest?
}

/// A photo that was not protected, and why.
struct PictureFault: Sendable {
    let path: String
    let failure: ImageFailure
    /// Whether it has a result of an earlier call.
    var isDone = false
}

/// What becomes of a photo that has a result already.
enum ExistingResults {
    /// It is a fault.
    case refused
    /// It is protected anew.
    case overwritten
    /// It is left out: a call that was interrupted goes on.
    case kept
}

/// Everything that one call is to do, found out before the first photo is read.
///
/// The order is that of the arguments, and within a folder that of the names by their bytes: classes and numbered names must not
/// depend on the order in which a file system lists its files.
struct InputPlan {
    private(set) var pictures: [PlannedPicture] = []
    private(set) var faults: [PictureFault] = []
    /// Files in folders that are no pictures.
    private var passedOver = PassedOver()
    /// The folders that hold nothing but class folders, and are passed through.
    private var wrappers: [String] = []
    /// Links to folders that are not followed.
    private var leftLinks: [String] = []
    /// The class of every photo that has one, whatever becomes of it.
    private var labels: [ClassLabel] = []
    /// Photos that are left out because they have a result.
    private var kept = 0
    /// Photos that have a result, where that is all that there is to say.
    private var done = 0
    /// Photos that an interrupted call has sent, or was about to send.
    private var resumed = 0
    /// Photos whose results do not get the names that they would have, and why.
    private var renamed: [String] = []
    /// Whether a folder of photos is that of the results, or one of its classes is.
    private var isIntoItself = false

    private var sources: Set<FileIdentity> = []
    private var paths: Set<String> = []
    private let inputs: [String]
    private let output: OutputFolder
    private let label: ClassLabel?

    /// Looks through the arguments.
    ///
    /// - Parameters:
    ///   - inputs: Files and folders.
    ///   - label: The class of all photos, whatever folders they lie in; without it the folders are the classes.
    ///   - output: Where the results go; it is not searched for photos.
    ///   - existing: What becomes of photos that have a result.
    ///   - open: Photos that interrupted calls have sent, or were about to send; they are no part of the plan.
    ///   - isQuiet: Whether to leave out what a person at a terminal is told meanwhile.
    init(
        inputs: [String],
        label: ClassLabel?,
        output: OutputFolder,
        existing: ExistingResults,
        open: [Batch.Entry] = [],
        isQuiet: Bool
    ) {
        self.inputs = inputs
        self.output = output
        self.label = label
        for input in inputs {
            let path = input.count > 1 && input.hasSuffix("/") ? String(input.dropLast()) : input
            switch FileKind(path: path) {
            case .folder(let identity):
                isIntoItself = isIntoItself || identity == output.identity
                search(path)
            case .file, .other, .fault: add(path, in: "", album: nil)
            }
        }
        let sorted = EarlierResultSorting(
            of: pictures,
            sources,
            in: output,
            existing,
            open: open,
            isQuiet: isQuiet
        )
        pictures = sorted.pictures
        faults += sorted.faults
        (kept, resumed, renamed) = (sorted.kept, sorted.resumed, sorted.renamed)
        // Where nothing else is to be said, one sentence says it of all.
        if pictures.isEmpty, faults.isEmpty, open.isEmpty {
            done = sorted.done.count
        } else {
            faults += sorted.done
        }
    }

    // MARK: - What to say about it

    /// Why the call as a whole asks for nothing that can be done, or `nil`.
    var refusal: String? {
        guard !isIntoItself else {
            return "The results would lie among the photos; name another folder by --out."
        }
        guard pictures.isEmpty, kept + done + resumed == 0 else { return nil }
        guard !faults.isEmpty else {
            let shown = inputs.prefix(3).map(StandardError.printable).joined(separator: ", ")
            let passed =
                switch passedOver.total {
                case 0: ""
                case 1: "; the one file there is none"
                case let count: "; the \(count) files there are none (\(passedOver.words))"
                }
            return "There is no picture in \(shown)\(inputs.count > 3 ? ", …" : "")\(passed)."
        }
        guard faults.allSatisfy({ $0.failure.code == Self.classMissing }) else { return nil }
        return faults.count == 1
            ? "The photo lies in no class folder; name its class by --class NAME."
            : "None of the \(faults.count) photos lies in a class folder; name their class by --class NAME."
    }

    /// Which classes there are, and what was passed over; `nil` if there is nothing to say.
    var remark: String? {
        var remarks = searchRemarks
        if kept > 0 {
            remarks.append(
                "left out \(kept) \(kept == 1 ? "photo that has" : "photos that have") a result"
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

    /// That every photo has a result already, or `nil` if there is something to do.
    var completion: String? {
        guard pictures.isEmpty, faults.isEmpty, resumed == 0 else { return nil }
        guard kept == 0 else { return "nothing to do" }
        guard done > 0 else { return nil }
        let photos = done == 1 ? "1 photo has a result" : "\(done) photos have results"
        return "\(photos) already; nothing to do (--force protects them anew)"
    }

    /// Whether a photo was found, whatever became of it.
    func considers(_ absolutePath: String) -> Bool { paths.contains(absolutePath) }

    /// What the search of the folders has found besides photos, and the classes that came out of it.
    private var searchRemarks: [String] {
        var remarks = wrappers.map { folder in
            "passed through \(StandardError.printable(folder)), which holds folders alone: each of them is a class"
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
    /// How many classes, links and photos with other names than they would have are named one by one.
    private static let mostNamed = 20

    // MARK: - Searching

    /// Takes everything in a folder that was named on the command line.
    private mutating func search(_ folder: String) {
        let search = FolderSearch(folder, except: output.identity)
        passedOver.add(contentsOf: search.passedOver)
        leftLinks += search.leftLinks
        isIntoItself = isIntoItself || search.outputHoldsPhotos
        // What an earlier call has made a class stays one, whatever has come to the folder, or has gone from it.
        let layout = AlbumLayout(photos: search.photoFolders, needsSeveral: true) {
            output.hasClass(called: $0)
        }
        if label == nil, !layout.wrappers.isEmpty {
            wrappers.append(([folder] + layout.wrappers).joined(separator: "/"))
        }
        for finding in search.findings {
            switch finding {
            case .photo(let path, let folders):
                let source = ([Self.shownName(of: folder)] + folders).compactMap(\.self).joined(
                    separator: "/"
                )
                add(path, in: source, album: layout.album(of: folders))
            case .fault(let path, let detail): refuse(path, "input_unreadable", detail)
            }
        }
    }

    /// What a folder is called to a service, which need not know where it lies; `nil` if its path does not tell.
    private static func shownName(of folder: String) -> String? {
        folder.split(separator: "/").last.map(String.init).flatMap {
            [".", ".."].contains($0) ? nil : $0
        }
    }

    /// Takes a photo.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - folder: The folder that it lies in as a service is told of it; empty for none.
    ///   - album: The name of its album.
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
            // Whether it can have that name is found out when all photos are known.
            let name = OutputName(sanitizing: path, fallback: "image")
            let own = path.split(separator: "/").last.map(String.init) ?? path
            let source = SourcePath.shown(folder.isEmpty ? own : "\(folder)/\(own)")
            pictures.append(
                PlannedPicture(path: path, source: source, size: size, label: label, name: name)
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
        faults.append(PictureFault(path: path, failure: ImageFailure(code: code, detail: detail)))
    }
}
