import Cryptography
import Glibc
import JobModel

/// One photo on its way from a path to a path.
struct PlannedPicture: Sendable {
    /// The photo.
    let path: String
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
    private var passedOver: (count: Int, first: String)?
    /// Photos that are left out because they have a result.
    private var kept = 0
    /// Photos that have a result, where that is all that there is to say.
    private var done = 0
    /// Photos that an interrupted call has sent, or was about to send.
    private var resumed = 0
    /// Photos whose results do not get the names that they would have, and why.
    private var renamed: [String] = []
    /// Whether a folder of photos is that of the results.
    private var isIntoItself = false

    private var sources: Set<FileIdentity> = []
    private var paths: Set<String> = []
    private let inputs: [String]
    private let output: OutputFolder
    private let fallbackLabel: ClassLabel?

    /// Looks through the arguments.
    ///
    /// - Parameters:
    ///   - inputs: Files and folders.
    ///   - fallbackLabel: The class of files that lie in no class folder.
    ///   - output: Where the results go; it is not searched for photos.
    ///   - existing: What becomes of photos that have a result.
    ///   - open: Photos that interrupted calls have sent, or were about to send; they are no part of the plan.
    ///   - isQuiet: Whether to leave out what a person at a terminal is told meanwhile.
    init(
        inputs: [String],
        fallbackLabel: ClassLabel?,
        output: OutputFolder,
        existing: ExistingResults,
        open: [Batch.Entry] = [],
        isQuiet: Bool
    ) {
        self.inputs = inputs
        self.output = output
        self.fallbackLabel = fallbackLabel
        for input in inputs {
            let path = input.count > 1 && input.hasSuffix("/") ? String(input.dropLast()) : input
            switch FileKind(path: path) {
            case .folder(let identity):
                isIntoItself = isIntoItself || identity == output.identity
                walk(path, label: nil)
            case .file, .other, nil: add(path, label: nil)
            }
        }
        let sorted = EarlierResultSorting(of: pictures, sources, in: output, existing, open: open, isQuiet: isQuiet)
        pictures = sorted.pictures
        faults += sorted.faults
        (kept, resumed, renamed) = (sorted.kept, sorted.resumed, sorted.renamed)
        // Where nothing else is to be said, one sentence says it of all.
        if pictures.isEmpty, faults.isEmpty, open.isEmpty { done = sorted.done.count } else { faults += sorted.done }
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
            let passed = passedOver.map {
                $0.count == 1 ? "; the one file there is none" : "; the \($0.count) files there are none"
            }
            return "There is no picture in \(shown)\(inputs.count > 3 ? ", …" : "")\(passed ?? "")."
        }
        guard faults.allSatisfy({ $0.failure.code == Self.classMissing }) else { return nil }
        return faults.count == 1
            ? "The photo lies in no class folder; name its class by --class NAME."
            : "None of the \(faults.count) photos lies in a class folder; name their class by --class NAME."
    }

    /// What was passed over, or `nil`.
    var remark: String? {
        var remarks: [String] = []
        if let passedOver {
            let first = StandardError.printable(passedOver.first)
            remarks.append(
                passedOver.count == 1
                    ? "passed over 1 file that is no picture: \(first)"
                    : "passed over \(passedOver.count) files that are no pictures, such as \(first)"
            )
        }
        if kept > 0 { remarks.append("left out \(kept) \(kept == 1 ? "photo that has" : "photos that have") a result") }
        remarks += renamed.prefix(Self.mostRenamed)
        if renamed.count > Self.mostRenamed {
            remarks.append("and \(renamed.count - Self.mostRenamed) more photos get other names for such reasons")
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

    private static let classMissing = "class_missing"
    /// How many photos with other names than they would have are told one by one.
    private static let mostRenamed = 20

    // MARK: - Searching

    /// Takes everything in a folder.
    ///
    /// - Parameters:
    ///   - folder: Its path.
    ///   - label: The class folder that it is or lies in; `nil` for a folder that was named on the command line.
    private mutating func walk(_ folder: String, label: String?) {
        guard let names = FolderListing.names(in: folder) else {
            return refuse(folder, "input_unreadable", "The folder could not be read: \(SystemWords.ofLastError).")
        }
        for name in names {
            guard case .text(let name) = name else {
                if case .bytes(let escaped) = name { refuse(folder, "input_unreadable", Self.notUTF8(escaped)) }
                continue
            }
            guard !name.hasPrefix(".") else { continue }
            let path = "\(folder == "/" ? "" : folder)/\(name)"
            switch FileKind(path: path) {
            case .folder(let identity):
                // Our own results, and links to folders, which may lead in a circle.
                if identity != output.identity, !Self.isLink(path) { walk(path, label: label ?? name) }
            case .file where PictureSign.isShown(byFile: path): add(path, label: label)
            case .other where PictureSign.isShown(byName: path), nil where PictureSign.isShown(byName: path):
                add(path, label: label)
            case .file, .other, nil: passedOver = ((passedOver?.count ?? 0) + 1, passedOver?.first ?? path)
            }
        }
    }

    private static func notUTF8(_ escaped: String) -> String {
        "The name \(escaped) in this folder is not UTF-8; rename the file."
    }

    private mutating func add(_ path: String, label: String?) {
        switch FileKind(path: path) {
        case .file(let identity, let size):
            guard size <= FileProtection.maxFileBytes else {
                let failure = PictureFile.tooLarge(FileProtection.maxFileBytes).failure
                return refuse(path, failure.code, failure.detail)
            }
            guard let label = checkedLabel(label, of: path) else { return }
            sources.insert(identity)
            paths.insert(Batch.absolute(path))
            // Whether it can have that name is found out when all photos are known.
            let name = OutputName(sanitizing: path, fallback: "image")
            pictures.append(PlannedPicture(path: path, size: size, label: label, name: name))
        case .folder, .other: refuse(path, "input_unreadable", "This is no file.")
        case nil: refuse(path, "input_unreadable", "The file could not be read: \(SystemWords.ofLastError).")
        }
    }

    private mutating func checkedLabel(_ folder: String?, of path: String) -> ClassLabel? {
        guard let folder else {
            if fallbackLabel == nil {
                refuse(path, Self.classMissing, "The photo lies in no class folder; name its class by --class NAME.")
            }
            return fallbackLabel
        }
        do throws(SettingsFault) {
            return try ClassLabel(folder)
        } catch {
            refuse(path, error.code.rawValue, "The class is its folder's name. \(error.detail)")
            return nil
        }
    }

    // MARK: - Refusing

    private mutating func refuse(_ path: String, _ code: String, _ detail: String) {
        faults.append(PictureFault(path: path, failure: ImageFailure(code: code, detail: detail)))
    }

    // MARK: - The file system

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
