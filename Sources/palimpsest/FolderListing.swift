import Glibc

/// What is in a folder.
enum FolderListing {
    /// A name in a folder.
    enum Name {
        case text(String)
        /// One that is not UTF-8, with `\xE9` and the like for the bytes that are no text.
        case bytes(escaped: String)

        /// The name; `nil` if it is not UTF-8.
        var text: String? {
            if case .text(let text) = self { text } else { nil }
        }
    }

    /// The names in a folder, sorted by their bytes, without `.` and `..`.
    ///
    /// - Parameter folder: Its path.
    /// - Returns: The names; `nil` with errno if the folder cannot be read.
    static func names(in folder: String) -> [Name]? {
        guard let stream = opendir(folder) else { return nil }
        defer { closedir(stream) }
        var names: [[CChar]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) {
                    Array(UnsafeBufferPointer(start: $0, count: strlen($0)))
                }
            }
            names.append(name)
        }
        names.sort { $0.lexicographicallyPrecedes($1) { UInt8(bitPattern: $0) < UInt8(bitPattern: $1) } }
        return names.map { name($0.map(UInt8.init(bitPattern:))) }.filter { $0.text != "." && $0.text != ".." }
    }

    private static func name(_ bytes: [UInt8]) -> Name {
        if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
        // ASCII alone is shown as it is: which bytes of the others belong together is what is not known.
        let escaped = bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(UnicodeScalar(byte)) : "\\x\(digits.count == 1 ? "0" : "")\(digits)"
        }
        return .bytes(escaped: escaped.joined())
    }
}

/// The system's words for its errors.
enum SystemWords {
    /// The words for an errno.
    static func of(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    /// The words for the errno of the last call.
    static var ofLastError: String { of(errno) }
}
