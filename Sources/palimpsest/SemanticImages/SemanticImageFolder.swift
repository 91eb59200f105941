import JobModel
import POSIX

/// A folder of the user's own semantic images, with one subfolder of pictures for each class.
///
/// Hidden files, and files beside the class folders, are skipped. Anything else unexpected is an
/// error, so that no picture is left out silently. Only decoding tells whether a file is a picture.
struct SemanticImageFolder {
    /// One picture.
    struct File: Sendable {
        let path: String
        /// The size in bytes before reading; the file may change until then.
        let size: Int
    }

    /// The pictures of one class, at least one, sorted by the bytes of their names.
    struct ClassFolder: Sendable {
        let label: ClassLabel
        let files: [File]
    }

    /// The path in printable form.
    let path: String
    /// The class folders, at least one, sorted by the bytes of their names.
    let classes: [ClassFolder]

    /// Lists a folder.
    ///
    /// - Parameter path: The path of the folder.
    /// - Throws: ``UsageFault``, which names the first wrong file or folder.
    init(path: String) throws(UsageFault) {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = StandardError.printable(trimmed)
        guard case .folder = FileKind(path: trimmed) else {
            throw UsageFault(
                "\(self.path) is not a folder with a folder of pictures for each class."
            )
        }
        var classes: [ClassFolder] = []
        var labels: Set<ClassLabel> = []
        for name in try Self.names(in: trimmed) {
            let folder = "\(trimmed)/\(name)"
            guard case .folder = FileKind(path: folder) else { continue }
            let label = try Self.label(name, of: folder)
            // The names may look alike but differ in bytes, such as composed and decomposed forms.
            guard labels.insert(label).inserted else {
                throw UsageFault(
                    "\(StandardError.printable(folder)): There are two folders of the class \(label), whose names are spelt "
                        + "in different ways; put their pictures into one."
                )
            }
            classes.append(ClassFolder(label: label, files: try Self.files(in: folder)))
        }
        guard !classes.isEmpty else {
            throw UsageFault(
                "There is no folder in \(self.path); it must have a folder of pictures for each class."
            )
        }
        self.classes = classes
    }

    // MARK: - Steps

    private static func label(_ name: String, of folder: String) throws(UsageFault) -> ClassLabel {
        do throws(SettingsFault) {
            return try ClassLabel(name)
        } catch {
            throw UsageFault(
                "\(StandardError.printable(folder)): The class is its folder's name. \(error.detail)"
            )
        }
    }

    private static func files(in folder: String) throws(UsageFault) -> [File] {
        let shown = StandardError.printable(folder)
        var files: [File] = []
        for name in try names(in: folder) {
            let path = "\(folder)/\(name)"
            switch FileKind(path: path) {
            case .file(_, let size): files.append(File(path: path, size: size))
            case .folder, .other:
                throw UsageFault(
                    "\(StandardError.printable(path)) is not a file; a class's folder must hold only pictures."
                )
            case .fault(let error):
                let shown = StandardError.printable(path)
                throw UsageFault("\(shown) could not be read: \(error.words).")
            }
        }
        guard !files.isEmpty else { throw UsageFault("There is no picture in \(shown).") }
        return files
    }

    /// Returns the names in a folder, without hidden ones.
    private static func names(in folder: String) throws(UsageFault) -> [String] {
        let shown = StandardError.printable(folder)
        let names: [FolderListing.Name]
        do throws(SystemError) {
            names = try FolderListing.names(in: folder)
        } catch {
            throw UsageFault("The folder \(shown) could not be read: \(error.words).")
        }
        var kept: [String] = []
        for name in names {
            switch name {
            case .text(let name): if !name.hasPrefix(".") { kept.append(name) }
            case .bytes(let escaped):
                throw UsageFault(
                    "The name \(escaped) in the folder \(shown) is not UTF-8; rename it."
                )
            }
        }
        return kept
    }
}
