import Cryptography
import JobModel

/// A file with a manifest or a report, as consulted about one picture.
struct ManifestFile {
    let path: String
    let bytes: [UInt8]
    /// Whether the file is a manifest rather than the report of one picture.
    let isManifest: Bool
    /// The report on the picture, or `nil` if the file has none.
    let report: ProtectionReport?

    /// Reads a file, or finds the manifest in a folder that mentions a picture.
    ///
    /// - Parameters:
    ///   - path: The path of a file or of a folder of manifests.
    ///   - protected: The hash of the protected picture.
    /// - Returns: The file. If no file in the folder mentions the picture, the last one.
    /// - Throws: ``CommandFault`` if a file cannot be read or is not a manifest, or if the folder
    ///   has none.
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
