/// Which folders of an upload, or of a folder on disk, are albums: the class of a photo is the album that it lies in.
///
/// Albums are the first folders. A single folder at the top that holds nothing but folders is only a wrapper around them and is passed
/// through, and so is a single folder within it: what Finder, `zip -r photos.zip photos`, `tar -c photos` and Takeout put around
/// albums. A single folder that holds a photo itself is an album. Files that are passed over count for nothing here.
public struct AlbumLayout: Sendable, Equatable {
    /// The folders that are passed through, from the outermost in.
    public let wrappers: [String]

    /// Finds the wrappers.
    ///
    /// - Parameters:
    ///   - photos: The folders that each photo lies in, from the outermost in.
    ///   - needsSeveral: Whether only what is around several albums is a wrapper. In a folder that grows, one album may as well be the
    ///     first subfolder of a class.
    ///   - isAlbum: Whether a folder of this name is known to be an album, so that it is none of the wrappers.
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

    /// The album of a photo.
    ///
    /// - Parameter folders: The folders that it lies in, as they were given at the start.
    /// - Returns: The first folder behind the wrappers; `nil` for a photo outside of any.
    public func album(of folders: [String]) -> String? {
        folders.count > wrappers.count ? folders[wrappers.count] : nil
    }
}
