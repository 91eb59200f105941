import Glibc

/// The streams that every process has, written to at once and without a buffer.
///
/// The C library's own would ask what the stream is first, which a process in a sandbox must not.
public enum StandardStream: Int32, Sendable {
    /// Standard output, for results.
    case output = 1
    /// Standard error, for people and logs.
    case error = 2

    /// Whether a person watches.
    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Writes bytes; what nobody takes is given up, since there is nowhere to complain.
    ///
    /// One call hands all bytes over where the stream takes them, so that lines of several threads
    /// and processes do not mix.
    ///
    /// - Parameter bytes: What to write.
    public func write(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return Glibc.write(rawValue, rest.baseAddress, rest.count)
            }
            let code = errno
            if count > 0 {
                sent += count
            } else if count == 0 || code != EINTR {
                return
            }
        }
    }
}
