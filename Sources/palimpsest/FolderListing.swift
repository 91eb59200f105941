import Glibc

/// What is in a folder.
enum FolderListing {
    /// The names in a folder, sorted by their bytes, without `.` and `..`; `nil` for each that is not UTF-8.
    ///
    /// - Parameter folder: Its path.
    /// - Returns: The names; `nil` with errno if the folder cannot be read.
    static func names(in folder: String) -> [String?]? {
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
        return names.map { String(validating: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) }
            .filter { $0 != "." && $0 != ".." }
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
