import Glibc

/// Reading and writing. Every method goes on after a signal has interrupted it.
extension FileDescriptor {
    private static let pieceBytes = 256 << 10

    // MARK: - At a place

    /// Reads until the buffer is full or the file ends, whatever the descriptor's own offset.
    ///
    /// - Parameters:
    ///   - buffer: Where the bytes go.
    ///   - offset: The place of the first byte.
    /// - Returns: How many bytes were read.
    /// - Throws: ``SystemError``.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(SystemError) -> Int {
        let number = number
        var filled = 0
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let place = off_t(clamping: offset + UInt64(filled))
            let count = try retried("pread") {
                pread(number, rest.baseAddress, rest.count, place)
            }
            guard count > 0 else { break }
            filled += count
        }
        return filled
    }

    /// Reads a part of the file, whatever the descriptor's own offset.
    ///
    /// - Parameters:
    ///   - count: The most bytes to read.
    ///   - offset: The place of the first byte.
    /// - Returns: The bytes, fewer than `count` only where the file ends.
    /// - Throws: ``SystemError``.
    public func read(_ count: Int, at offset: UInt64) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(SystemError) {
                initialized = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Reads the whole file from its beginning, whatever the offset that it shares with others.
    ///
    /// - Parameter limit: The most bytes to take; a longer file gives `EFBIG`.
    /// - Returns: The bytes.
    /// - Throws: ``SystemError``.
    public func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        let number = number
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceBytes,
            alignment: 16
        )
        defer { piece.deallocate() }
        while true {
            let place = off_t(bytes.count)
            let count = try retried("read") {
                pread(number, piece.baseAddress, piece.count, place)
            }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw SystemError(call: "read", code: EFBIG) }
            bytes.append(contentsOf: piece.prefix(count))
        }
    }

    /// Writes all bytes to a place, whatever the descriptor's own offset.
    ///
    /// - Parameters:
    ///   - bytes: What to write.
    ///   - offset: The place of the first byte.
    /// - Throws: ``SystemError``.
    public func write(_ bytes: [UInt8], at offset: UInt64) throws(SystemError) {
        let number = number
        var sent = 0
        while sent < bytes.count {
            let place = off_t(clamping: offset + UInt64(sent))
            let count = try retried("pwrite") {
                bytes.withUnsafeBytes { buffer in
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                    return pwrite(number, rest.baseAddress, rest.count, place)
                }
            }
            guard count > 0 else { throw SystemError(call: "pwrite", code: EIO) }
            sent += count
        }
    }

    // MARK: - In order

    /// Reads what comes next, once: also from a pipe or a terminal.
    ///
    /// - Parameter buffer: Where the bytes go.
    /// - Returns: How many bytes were read; 0 at the end.
    /// - Throws: ``SystemError``.
    public func readNext(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let number = number
        return try retried("read") { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }

    /// Reads what comes next, once: also from a pipe or a terminal.
    ///
    /// - Parameter count: The most bytes to read.
    /// - Returns: The bytes; none at the end.
    /// - Throws: ``SystemError``.
    public func readNext(atMost count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(SystemError) {
                initialized = try readNext(into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all bytes behind those that were written before.
    ///
    /// - Parameter bytes: What to write.
    /// - Throws: ``SystemError``.
    public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        let number = number
        var sent = 0
        while sent < bytes.count {
            let count = try retried("write") {
                bytes.withUnsafeBytes { buffer in
                    let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                    return Glibc.write(number, rest.baseAddress, rest.count)
                }
            }
            guard count > 0 else { throw SystemError(call: "write", code: EIO) }
            sent += count
        }
    }

    /// Goes back to the beginning, for whoever reads or writes in order.
    ///
    /// - Throws: ``SystemError`` for what has no beginning, as a pipe.
    public func rewind() throws(SystemError) {
        guard lseek(number, 0, SEEK_SET) >= 0 else {
            let code = errno
            throw SystemError(call: "lseek", code: code)
        }
    }
}
