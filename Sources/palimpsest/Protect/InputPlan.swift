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
    let name: OutputName
}

/// A photo that was not protected, and why.
struct PictureFault: Sendable {
    let path: String
    let failure: ImageFailure
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
    /// Whether a folder of photos is that of the results.
    private var isIntoItself = false

    private var names = OutputNames()
    private var sources: Set<FileIdentity> = []
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
    init(inputs: [String], fallbackLabel: ClassLabel?, output: OutputFolder, existing: ExistingResults) {
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
        sortOutExisting(existing)
    }

    // MARK: - What to say about it

    /// Why the call as a whole asks for nothing that can be done, or `nil`.
    var refusal: String? {
        guard !isIntoItself else {
            return "The results would lie among the photos; name another folder by --out."
        }
        guard pictures.isEmpty, kept == 0 else { return nil }
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
        return remarks.isEmpty ? nil : remarks.joined(separator: "\n")
    }

    private static let classMissing = "class_missing"

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
            guard let name else {
                refuse(folder, "input_unreadable", "A name in this folder is not UTF-8.")
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

    private mutating func add(_ path: String, label: String?) {
        switch FileKind(path: path) {
        case .file(let identity, let size):
            guard size <= FileProtection.maxFileBytes else {
                let failure = PictureFile.tooLarge(FileProtection.maxFileBytes).failure
                return refuse(path, failure.code, failure.detail)
            }
            guard let label = checkedLabel(label, of: path) else { return }
            sources.insert(identity)
            let name = names.take(OutputName(sanitizing: path, fallback: "image"), in: label)
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

    /// Takes out what would overwrite something.
    private mutating func sortOutExisting(_ existing: ExistingResults) {
        var wanted: [PlannedPicture] = []
        for picture in pictures {
            guard case .file(let identity, _) = FileKind(path: output.picturePath(of: picture)) else {
                wanted.append(picture)
                continue
            }
            if sources.contains(identity) {
                refuse(
                    picture.path,
                    "output_is_input",
                    "The result would overwrite a photo of this call; name another --out."
                )
                continue
            }
            switch existing {
            case .refused:
                refuse(
                    picture.path,
                    "output_exists",
                    "There is a result for it already in the class \(picture.label); --force overwrites it, "
                        + "--skip-existing goes on without it."
                )
            case .overwritten: wanted.append(picture)
            case .kept: kept += 1
            }
        }
        pictures = wanted
    }

    private mutating func refuse(_ path: String, _ code: String, _ detail: String) {
        faults.append(PictureFault(path: path, failure: ImageFailure(code: code, detail: detail)))
    }

    // MARK: - The file system

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}
