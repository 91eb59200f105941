import JobModel
import POSIX

/// What lies in one folder of an archive, without following links.
struct FolderEntries {
    enum Kind {
        case file
        case folder(FileIdentity)
        case link
        case other
        /// It cannot be examined.
        case fault(SystemError)
    }

    struct Entry {
        let name: String
        let kind: Kind
    }

    private let folder: String
    /// What the paths of photos begin with: nothing, or the folders in between and a slash.
    let prefix: String
    /// The entries in the order in which they were added.
    private(set) var all: [Entry] = []
    // Keyed by bytes, as on the disk: two spellings of one letter are one text to Swift.
    private var kinds: [[UInt8]: Kind] = [:]
    private var pictureBases: Set<[UInt8]> = []
    private var pngBases: Set<[UInt8]> = []

    init(folder: String, prefix: String) {
        self.folder = folder
        self.prefix = prefix
    }

    mutating func add(_ name: String) {
        let kind = Self.kind(path(name))
        all.append(Entry(name: name, kind: kind))
        kinds[Array(name.utf8)] = kind
        if case .folder = kind { return }
        if let picture = ArchiveFiles.picture(name) {
            let base = Array(picture.base.utf8)
            pictureBases.insert(base)
            if picture.format == .png { pngBases.insert(base) }
        }
    }

    func path(_ name: String) -> String { "\(folder == "/" ? "" : folder)/\(name)" }

    func kind(_ name: String) -> Kind? { kinds[Array(name.utf8)] }

    /// Whether there is a picture of any format, whatever its kind.
    func hasPicture(_ base: String) -> Bool { pictureBases.contains(Array(base.utf8)) }

    func hasPNG(_ base: String) -> Bool { pngBases.contains(Array(base.utf8)) }

    func leadsToFolder(_ name: String) -> Bool {
        if case .folder = FileKind(path: path(name)) { true } else { false }
    }

    private static func kind(_ path: String) -> Kind {
        do throws(SystemError) {
            let status = try FileStatus(of: path, followingLinks: false)
            switch status.kind {
            case .file: return .file
            case .folder: return .folder(status.identity)
            case .link: return .link
            case .socket, .other: return .other
            }
        } catch {
            return .fault(error)
        }
    }
}
