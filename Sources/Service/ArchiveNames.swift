/// The files of an archive beside the classes' folders, none of which may be called so: `ClassLabel.folderName` knows them.
enum ArchiveNames {
    /// What was done to every image.
    static let manifest = "manifest.json"
    /// Photos beside their protected pictures, in archives with previews.
    static let page = "index.html"
    /// The manifest's Ed25519 signature, 64 bytes.
    static let signature = "manifest.json.sig"
    /// The digests of all other files.
    static let sums = "SHA256SUMS"
}
