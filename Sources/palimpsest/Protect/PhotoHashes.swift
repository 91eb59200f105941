import Cryptography
import Dispatch
import Synchronization

/// Hashes photos that may already have results, several at a time.
enum PhotoHashes {
    /// Hashes photos.
    ///
    /// - Parameters:
    ///   - paths: The paths of the photos.
    ///   - isQuiet: Whether to suppress the progress message on a terminal.
    /// - Returns: The hash of each photo, or the reason why it could not be read.
    static func of(_ paths: [String], isQuiet: Bool) -> [Result<SHA256Digest, PictureFile.Fault>] {
        guard !paths.isEmpty else { return [] }
        // Thousands of photos take a while to read, so tell a waiting person.
        let isShown = StandardError.isTerminal && !isQuiet
        if isShown {
            StandardError.write("comparing \(paths.count) photos with the results that there are …")
        }
        defer { if isShown { StandardError.write("\r\u{1B}[K") } }
        let hashes = Mutex<[Int: Result<SHA256Digest, PictureFile.Fault>]>([:])
        DispatchQueue.concurrentPerform(iterations: paths.count) { index in
            let result = hash(paths[index])
            hashes.withLock { $0[index] = result }
        }
        let found = hashes.withLock { $0 }
        return paths.indices.map { found[$0] ?? hash(paths[$0]) }
    }

    private static func hash(_ path: String) -> Result<SHA256Digest, PictureFile.Fault> {
        do throws(PictureFile.Fault) {
            return .success(try PictureFile.hash(path, limit: FileProtection.maxFileBytes))
        } catch {
            return .failure(error)
        }
    }
}
