import Glibc

/// A file without a name, gone with its last reference: what goes to another program, and what comes from it.
final class UnnamedFile: Sendable {
    let descriptor: Int32

    /// Makes an empty one.
    ///
    /// - Parameter folder: Where its bytes lie until it is gone.
    /// - Throws: `OutputFolder.Fault`.
    init(in folder: OutputFolder) throws(OutputFolder.Fault) {
        descriptor = try folder.unnamedFile()
    }

    deinit {
        close(descriptor)
    }

    /// Its length in bytes.
    var size: UInt64 {
        get throws(OutputFolder.Fault) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw OutputFolder.Fault("reading", errno) }
            return UInt64(status.st_size)
        }
    }

    /// Writes it, and goes back to its beginning.
    func fill(_ text: String) throws(OutputFolder.Fault) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw OutputFolder.Fault("writing", errno) }
            rest = rest.dropFirst(count)
        }
        lseek(descriptor, 0, SEEK_SET)
    }

    /// Reads it from its beginning, piece by piece.
    func forEachPiece(_ take: ([UInt8]) throws -> Void) throws {
        var offset: off_t = 0
        while true {
            var count = 0
            let piece = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, initialized in
                repeat {
                    count = pread(descriptor, buffer.baseAddress, buffer.count, offset)
                } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            guard count >= 0 else { throw OutputFolder.Fault("reading", errno) }
            guard count > 0 else { return }
            offset += off_t(count)
            try take(piece)
        }
    }

    /// Reads it as a whole.
    ///
    /// - Throws: `OutputFolder.Fault`, also for a file of more bytes than an answer in words has.
    func read() throws -> [UInt8] {
        var bytes: [UInt8] = []
        try forEachPiece { piece in
            bytes += piece
            guard bytes.count <= 64 << 20 else { throw OutputFolder.Fault("reading", EFBIG) }
        }
        return bytes
    }
}
