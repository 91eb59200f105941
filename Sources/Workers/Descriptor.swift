import Glibc

/// An open descriptor, closed with its value.
struct Descriptor: ~Copyable {
    let number: Int32

    /// Takes over an open descriptor.
    init(owning number: Int32) {
        self.number = number
    }

    /// Opens a file for reading; it is not inherited by child processes unless it is passed on purpose.
    init(reading path: String) throws(SystemFault) {
        while true {
            let result = open(path, O_RDONLY | O_CLOEXEC)
            let code = errno
            if result >= 0 {
                self.init(owning: result)
                return
            }
            guard code == EINTR else { throw SystemFault(call: "open", code: code) }
        }
    }

    deinit {
        // Nothing was written through it that could be lost by an error here.
        _ = close(number)
    }

    /// Reads the whole file from its beginning, whatever the offset that it shares with other processes.
    ///
    /// - Parameter limit: The most bytes to read; a longer file gives `EFBIG`.
    /// - Returns: The bytes.
    /// - Throws: ``SystemFault``.
    func readAll(limit: Int) throws(SystemFault) -> [UInt8] {
        var bytes: [UInt8] = []
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { piece.deallocate() }
        while true {
            let count = pread(number, piece.baseAddress, piece.count, bytes.count)
            let code = errno
            if count < 0 {
                guard code == EINTR else { throw SystemFault(call: "read", code: code) }
                continue
            }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= limit else { throw SystemFault(call: "read", code: EFBIG) }
            bytes.append(contentsOf: piece.prefix(count))
        }
    }
}

/// A system call that failed.
public struct SystemFault: Error, Sendable, Equatable {
    /// The call's name.
    public let call: String
    /// Its errno.
    public let code: Int32

    /// Names a failed call.
    public init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// Throws unless a shim returned 0.
    static func check(_ call: String, _ code: Int32) throws(SystemFault) {
        guard code == 0 else { throw SystemFault(call: call, code: code) }
    }
}

extension SystemFault: CustomStringConvertible {
    /// The system's own words for the errno.
    public var description: String {
        // On this platform strerror of a known errno is a constant, so no other thread can change it.
        guard let text = strerror(code) else { return "\(call): error \(code)" }
        return "\(call): \(String(cString: text))"
    }
}
