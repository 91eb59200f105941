/// Decides which folders of an upload, or of a folder on disk, are albums.
///
/// A photo's class is the album that contains it. Albums are usually the top-level folders. A
/// single top-level folder that contains only folders is a wrapper and is passed through, as is a
/// single folder inside it. Finder, `zip -r photos.zip photos`, `tar -c photos` and Takeout create
/// such wrappers. A single folder that directly contains a photo is an album. Skipped files are not
/// considered.
public struct AlbumLayout: Sendable, Equatable {
    /// The folders that are passed through, outermost first.
    public let wrappers: [String]

    /// Finds the wrappers.
    ///
    /// - Parameters:
    ///   - photos: The folders that contain each photo, outermost first.
    ///   - needsSeveral: Whether wrappers must contain several albums. In a folder that grows, a
    ///     single album may be the first subfolder of a class.
    ///   - isAlbum: Whether a folder of this name is known to be an album and hence not a wrapper.
    public init(
        photos: [[String]],
        needsSeveral: Bool = false,
        isAlbum: (String) -> Bool = { _ in false }
    ) {
        guard let first = photos.first else {
            wrappers = []
            return
        }
        var depth = 0
        func isShared(behind count: Int) -> Bool {
            photos.allSatisfy { $0.count >= depth + count && $0[depth] == first[depth] }
        }
        while isShared(behind: 2), !isAlbum(first[depth]) { depth += 1 }
        let isOnlyOne = isShared(behind: 1) && !isAlbum(first[depth])
        wrappers = needsSeveral && isOnlyOne ? [] : Array(first.prefix(depth))
    }

    /// Returns the album of a photo.
    ///
    /// - Parameter folders: The folders that contain the photo, as passed to the initialiser.
    /// - Returns: The first folder inside the wrappers; `nil` for a photo outside all albums.
    public func album(of folders: [String]) -> String? {
        folders.count > wrappers.count ? folders[wrappers.count] : nil
    }
}
