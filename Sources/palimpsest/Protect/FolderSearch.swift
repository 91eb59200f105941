import Glibc
import JobModel
import POSIX

/// What is in a folder that was named on the command line, at any depth.
///
/// The order is that of the names by their bytes. Links to folders come last: they are followed, but never into a folder that is searched
/// anyway, and never up to one that this folder lies in, so that no photo is taken twice and no circle is walked.
struct FolderSearch {
    /// What was found, in order.
    enum Finding {
        /// A photo, with the names of the folders inside the one that was named.
        case photo(path: String, folders: [String])
        case fault(path: String, detail: String)
    }

    private(set) var findings: [Finding] = []
    private(set) var passedOver = PassedOver()
    /// Whether the folder of the results is among these, and photos lie in it as they never do in one of results.
    private(set) var outputHoldsPhotos = false
    /// Links to folders that are not followed, since they lead to what is searched anyway, or around it.
    private(set) var leftLinks: [String] = []

    private let except: FileIdentity
    private var visited: Set<FileIdentity>
    private var links: [(path: String, folders: [String], identity: FileIdentity)] = []

    /// Searches a folder.
    ///
    /// - Parameters:
    ///   - folder: Its path.
    ///   - output: The folder of the results, which is not searched.
    init(_ folder: String, except output: FileIdentity) {
        except = output
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

    /// The folders that the photos lie in.
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
            guard identity != except else { return lookAtOutput(path) }
            if let reason = FileRule.reason(ofFolder: name) { return passedOver.add(path, reason) }
            let inner = folders + [name]
            if Self.isLink(path) { return links.append((path, inner, identity)) }
            // A folder can be there twice without a link where it is mounted twice.
            guard visited.insert(identity).inserted else { return leftLinks.append(path) }
            return search(path, inner)
        }
        if let reason = FileRule.reason(ofFile: name) { return passedOver.add(path, reason) }
        // What leads nowhere and is called like a photo was meant to be one, and its fault is told.
        guard !FileRule.isPhoto(named: name) else {
            return findings.append(.photo(path: path, folders: folders))
        }
        switch kind {
        case .file where PictureSign.isShown(byFile: path):
            findings.append(.photo(path: path, folders: folders))
        case .file: passedOver.add(path, .other)
        // What cannot be looked at may be a folder of photos.
        case .fault(let error) where ![ENOENT, ELOOP].contains(error.code):
            findings.append(.fault(path: path, detail: "It could not be read: \(error.words)."))
        case .folder, .other, .fault: passedOver.add(path, .link)
        }
    }

    /// Results lie in folders of their classes, so that a photo outside of any is not one of them.
    private mutating func lookAtOutput(_ path: String) {
        let names = FolderListing.texts(in: path)
        outputHoldsPhotos = outputHoldsPhotos || names.contains { FileRule.isPhoto(named: $0) }
    }

    // MARK: - The file system

    /// A folder and all that it lies in.
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
