import POSIX

/// Lists the entries of a folder.
enum FolderListing {
    /// The name of an entry.
    enum Name {
        case text(String)
        /// A name that is not UTF-8, printable.
        ///
        /// Backslashes, and all bytes except printable ASCII, are escaped, such as `\xE9`.
        case bytes(escaped: String)

        /// The name, or `nil` if it is not UTF-8.
        var text: String? {
            if case .text(let text) = self { text } else { nil }
        }
    }

    /// Returns the names in a folder, sorted by their bytes, without `.` and `..`.
    ///
    /// - Throws: `SystemError` if the folder cannot be read.
    static func names(in folder: String) throws(SystemError) -> [Name] {
        try Folder.namesAsBytes(in: folder).sorted { $0.lexicographicallyPrecedes($1) }.map(name)
    }

    /// Returns the UTF-8 names in a folder, sorted by their bytes; none if it cannot be read.
    static func texts(in folder: String) -> [String] {
        ((try? names(in: folder)) ?? []).compactMap(\.text)
    }

    private static func name(_ bytes: [UInt8]) -> Name {
        if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
        // Escape everything but printable ASCII: without a known encoding, nobody can say which
        // bytes form a character.
        let escaped = bytes.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return (0x20...0x7E).contains(byte) && byte != UInt8(ascii: "\\")
                ? String(UnicodeScalar(byte)) : "\\x\(digits.count == 1 ? "0" : "")\(digits)"
        }
        return .bytes(escaped: escaped.joined())
    }
}

/// The kind of file that a path leads to, after following links.
enum FileKind {
    case file(FileIdentity, size: Int)
    case folder(FileIdentity)
    case other
    /// The path cannot be examined.
    case fault(SystemError)

    /// Examines a path.
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
