import Glibc
import JobModel
import POSIX

/// The files in a folder named on the command line, at any depth.
///
/// Names are visited in the order of their bytes, links to folders last. Links are followed, but
/// not into a folder that is searched anyway and not to a folder that contains this one. No photo
/// is therefore taken twice, and no cycle is entered.
struct FolderSearch {
    /// What was found, in order.
    enum Finding {
        /// A photo, with the names of the folders between the named folder and the photo.
        case photo(path: String, folders: [String])
        case fault(path: String, detail: String)
    }

    private(set) var findings: [Finding] = []
    private(set) var passedOver = PassedOver()
    /// Whether the output folder lies in the named folder and directly contains photos.
    ///
    /// In an output folder of `protect`, photos lie only in class folders.
    private(set) var outputHoldsPhotos = false
    /// Links to folders that were not followed: they lead to a folder searched anyway or containing
    /// it.
    private(set) var leftLinks: [String] = []

    private let output: OutputFolder
    private var visited: Set<FileIdentity>
    private var links: [(path: String, folders: [String], identity: FileIdentity)] = []

    /// Searches a folder.
    ///
    /// - Parameters:
    ///   - folder: The path of the folder.
    ///   - output: The folders of the results and their reports, which are not searched.
    init(_ folder: String, except output: OutputFolder) {
        self.output = output
        visited = Self.folders(around: folder)
        search(folder, [])
        var next = 0
        while next < links.count {
            let link = links[next]
            next += 1
            if visited.insert(link.identity).inserted {
                search(link.path, link.folders)
            } else {
                leftLinks.append(link.path)
            }
        }
    }

    /// The folders of each photo.
    var photoFolders: [[String]] {
        findings.compactMap { finding in
            if case .photo(_, let folders) = finding { folders } else { nil }
        }
    }

    // MARK: - Steps

    private mutating func search(_ folder: String, _ folders: [String]) {
        let names: [FolderListing.Name]
        do throws(SystemError) {
            names = try FolderListing.names(in: folder)
        } catch {
            let detail = "The folder could not be read: \(error.words)."
            return findings.append(.fault(path: folder, detail: detail))
        }
        for name in names {
            switch name {
            case .text(let name): take(name, "\(folder == "/" ? "" : folder)/\(name)", folders)
            case .bytes(let escaped):
                let detail = "The name \(escaped) in this folder is not UTF-8; rename the file."
                findings.append(.fault(path: folder, detail: detail))
            }
        }
    }

    private mutating func take(_ name: String, _ path: String, _ folders: [String]) {
        let kind = FileKind(path: path)
        if case .folder(let identity) = kind {
            guard !output.contains(identity) else {
                return identity == output.pictures.identity ? lookAtOutput(path) : ()
            }
            if let reason = FileRule.reason(ofFolder: name) { return passedOver.add(path, reason) }
            let inner = folders + [name]
            if Self.isLink(path) { return links.append((path, inner, identity)) }
            // A folder that is mounted twice appears twice without a link.
            guard visited.insert(identity).inserted else { return leftLinks.append(path) }
            return search(path, inner)
        }
        if let reason = FileRule.reason(ofFile: name) { return passedOver.add(path, reason) }
        // A dangling link with a photo's name was meant to be a photo, so its fault must be
        // reported.
        guard !FileRule.isPhoto(named: name) else {
            return findings.append(.photo(path: path, folders: folders))
        }
        switch kind {
        case .file where PhotoSniffer.mayBePhoto(at: path):
            findings.append(.photo(path: path, folders: folders))
        case .file: passedOver.add(path, .other)
        // What cannot be examined may be a folder of photos.
        case .fault(let error) where ![ENOENT, ELOOP].contains(error.code):
            findings.append(.fault(path: path, detail: "It could not be read: \(error.words)."))
        case .folder, .other, .fault: passedOver.add(path, .link)
        }
    }

    /// Checks the output folder for photos outside class folders, which cannot be results.
    private mutating func lookAtOutput(_ path: String) {
        let names = FolderListing.texts(in: path)
        outputHoldsPhotos = outputHoldsPhotos || names.contains { FileRule.isPhoto(named: $0) }
    }

    // MARK: - The file system

    /// Returns the identities of a folder and of all its ancestors.
    private static func folders(around folder: String) -> Set<FileIdentity> {
        var found: Set<FileIdentity> = []
        guard var path = FileSystem.resolved(folder) else { return found }
        while true {
            if case .folder(let identity) = FileKind(path: path.isEmpty ? "/" : path) {
                found.insert(identity)
            }
            guard !path.isEmpty, let slash = path.lastIndex(of: "/") else { return found }
            path = String(path[..<slash])
        }
    }

    private static func isLink(_ path: String) -> Bool {
        (try? FileStatus(of: path, followingLinks: false).kind) == .link
    }
}
