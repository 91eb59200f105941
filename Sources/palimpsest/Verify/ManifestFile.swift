import Cryptography
import JobModel

/// The file with a manifest, as it is asked for one picture.
struct ManifestFile {
    let path: String
    let bytes: [UInt8]
    /// Whether it is a manifest, and not the report about one picture.
    let isManifest: Bool
    /// What it says about the picture; `nil` if nothing.
    let report: ProtectionReport?

    /// Reads a file, or finds the one in a folder that speaks of a picture.
    ///
    /// - Parameters:
    ///   - path: A file, or a folder of manifests.
    ///   - protected: The hash of the protected picture.
    /// - Returns: The file; of a folder in which none speaks of the picture, the last one.
    /// - Throws: ``CommandFault`` if a file cannot be read or is no manifest, or if there is none in the folder.
    static func find(
        _ path: String,
        about protected: SHA256Digest
    ) throws(CommandFault) -> ManifestFile {
        guard case .folder = FileKind(path: path) else {
            return try ManifestFile(path, about: protected)
        }
        var last: ManifestFile?
        for name in FolderListing.texts(in: path) where name.hasSuffix(".json") {
            let file = try ManifestFile("\(path)/\(name)", about: protected)
            if file.report != nil { return file }
            last = file
        }
        guard let last else {
            throw CommandFault(
                "There is no manifest in the folder \(StandardError.printable(path))."
            )
        }
        return last
    }

    private init(_ path: String, about protected: SHA256Digest) throws(CommandFault) {
        self.path = path
        bytes = try InputFile.read(path, limit: SignedManifest.maxBytes)
        let parsed = try SignedManifest(bytes, name: path)
        isManifest = parsed.isManifest
        report = parsed.report(ofOutput: protected)
    }
}
