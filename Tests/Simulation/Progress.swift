import Glibc

/// What somebody reads who waits for the tables.
enum Progress {
    /// Writes a line to standard error.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Whoever closed it does not want to know.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
