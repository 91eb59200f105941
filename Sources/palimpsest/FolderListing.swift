import POSIX

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
    /// - Returns: The names.
    /// - Throws: `SystemError` if the folder cannot be read.
    static func names(in folder: String) throws(SystemError) -> [Name] {
        try Folder.namesAsBytes(in: folder).sorted { $0.lexicographicallyPrecedes($1) }.map(name)
    }

    /// The names in a folder that are UTF-8, sorted by their bytes; none if it cannot be read.
    static func texts(in folder: String) -> [String] {
        ((try? names(in: folder)) ?? []).compactMap(\.text)
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

/// What kind of thing a path leads to, links followed.
enum FileKind {
    case file(FileIdentity, size: Int)
    case folder(FileIdentity)
    case other
    /// Nothing that can be looked at.
    case fault(SystemError)

    /// Looks a path up.
    init(path: String) {
        do throws(SystemError) {
            let status = try FileStatus(of: path)
            switch status.kind {
            case .file: self = .file(status.identity, size: Int(clamping: status.size))
            case .folder: self = .folder(status.identity)
            case .link, .socket, .other: self = .other
            }
        } catch {
            self = .fault(error)
        }
    }
}
