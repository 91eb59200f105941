import Cryptography
import JobModel
import POSIX

/// Reads picture files whole, up to a maximum size.
enum PictureFile {
    /// The reason why a file was not read.
    struct Fault: Error {
        let failure: ImageFailure
    }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - size: The expected size in bytes, used only to reserve memory.
    ///   - limit: The maximum size in bytes.
    /// - Returns: The bytes of the file.
    /// - Throws: ``Fault`` with the code `input_unreadable` or `image_too_large`.
    static func read(_ path: String, expecting size: Int, limit: Int) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(size, limit) + 1)
        try forEachPiece(of: path, limit: limit) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Hashes a file, with at most 64 KiB of it in memory.
    ///
    /// - Parameters:
    ///   - path: The path of the file.
    ///   - limit: The maximum size in bytes.
    /// - Returns: The SHA-256 digest of the whole file.
    /// - Throws: ``Fault`` with the code `input_unreadable` or `image_too_large`.
    static func hash(_ path: String, limit: Int) throws(Fault) -> SHA256Digest {
        var hash = SHA256()
        try forEachPiece(of: path, limit: limit) { hash.update($0) }
        return hash.finalize()
    }

    private static func forEachPiece(
        of path: String,
        limit: Int,
        _ take: (UnsafeRawBufferPointer) -> Void
    ) throws(Fault) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { piece.deallocate() }
        var total = 0
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path)
            while total <= limit {
                let count = try file.readNext(into: piece)
                guard count > 0 else { return }
                total += count
                if total <= limit { take(UnsafeRawBufferPointer(rebasing: piece.prefix(count))) }
            }
        } catch {
            throw unreadable(error)
        }
        throw tooLarge(limit)
    }

    /// Returns the fault of a file larger than `limit` bytes.
    static func tooLarge(_ limit: Int) -> Fault {
        Fault(
            failure: ImageFailure(
                code: "image_too_large",
                detail:
                    "The file has more than \(limit >> 20 > 0 ? "\(limit >> 20) MiB" : "\(limit) bytes")."
            )
        )
    }

    private static func unreadable(_ error: SystemError) -> Fault {
        Fault(
            failure: ImageFailure(
                code: "input_unreadable",
                detail: "The file could not be read: \(error.words)."
            )
        )
    }
}
