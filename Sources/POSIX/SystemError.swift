import Glibc

/// A system call that failed.
public struct SystemError: Error, Sendable, Equatable {
    /// The call's name, such as `open`.
    public let call: String
    /// The errno that the call left.
    public let code: Int32

    /// Names a failed call.
    ///
    /// - Parameters:
    ///   - call: The call's name.
    ///   - code: Its errno, which the caller has read before any other call could change it.
    public init(call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// Throws unless a function of CLinux, which returns 0 or an errno, has returned 0.
    ///
    /// - Parameters:
    ///   - call: The name of the call that the function makes.
    ///   - code: What the function returned.
    /// - Throws: ``SystemError`` with that errno.
    public static func check(_ call: String, _ code: Int32) throws(SystemError) {
        guard code == 0 else { throw SystemError(call: call, code: code) }
    }

    /// Whether the file or folder is missing (`ENOENT`).
    public var isMissing: Bool { code == ENOENT }

    /// Whether the name is taken (`EEXIST`).
    public var isTaken: Bool { code == EEXIST }

    /// Whether a part of the path is a file where a folder should be (`ENOTDIR`).
    public var isNoFolder: Bool { code == ENOTDIR }

    /// Whether the process or the system has no descriptor left (`EMFILE`, `ENFILE`).
    public var isOutOfDescriptors: Bool { code == EMFILE || code == ENFILE }
}

extension SystemError: CustomStringConvertible {
    /// The system's own words for the errno, such as `No such file or directory`.
    public var words: String { Self.words(for: code) }

    /// The call and the system's own words, such as `open: No such file or directory`.
    public var description: String { "\(call): \(words)" }

    /// The system's own words for an errno.
    ///
    /// - Parameter code: The errno.
    /// - Returns: A clause without a full stop.
    public static func words(for code: Int32) -> String {
        var text = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &text, text.count) == 0 else { return "error \(code)" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// Passes on the result of a call that is negative only if it failed.
///
/// - Parameters:
///   - call: The call's name.
///   - result: What the call returned; errno is read first of all.
/// - Returns: `result`.
/// - Throws: ``SystemError``.
@discardableResult
func checked(_ call: String, _ result: Int32) throws(SystemError) -> Int32 {
    let code = errno
    guard result >= 0 else { throw SystemError(call: call, code: code) }
    return result
}

/// Makes a call, and makes it again when a signal interrupted it.
///
/// - Parameters:
///   - call: The call's name.
///   - body: Makes the call, whose result is negative only if it failed.
/// - Returns: The result.
/// - Throws: ``SystemError``.
func retried<Result: FixedWidthInteger>(
    _ call: String,
    _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        let code = errno
        if result >= 0 { return result }
        guard code == EINTR else { throw SystemError(call: call, code: code) }
    }
}
