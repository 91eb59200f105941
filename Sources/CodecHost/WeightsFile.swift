import Glibc
import POSIX

/// Locates the shipped weights file.
public enum WeightsFile {
    /// The name of the shipped file.
    public static let name = "deep-hiding.safetensors"

    /// The environment variable that names a weights file.
    public static let variable = "PALIMPSEST_WEIGHTS"

    /// No weights file was found.
    public struct NotFound: Error, Sendable, CustomStringConvertible {
        /// The paths that were tried.
        public let paths: [String]

        /// A sentence that says what to do.
        public var description: String {
            "There is no weights file at \(paths.joined(separator: " or ")); \(name) must lie at ../share/palimpsest/ from the "
                + "binary, or be named by --weights or \(variable)."
        }
    }

    /// Finds the weights file.
    ///
    /// It is the named file, else the one in the variable, else the first readable one of
    /// `share/palimpsest` beside the binary's folder and the source tree.
    ///
    /// - Parameters:
    ///   - named: The path from the command line; if set, no other is tried.
    ///   - environment: The value of ``variable``; by default that of this process.
    /// - Returns: The path of a readable file.
    /// - Throws: ``NotFound``.
    public static func find(
        named: String?,
        environment: String? = Self.valueOfVariable
    ) throws(NotFound) -> String {
        let paths: [String]
        if let chosen = named ?? environment.flatMap({ $0.isEmpty ? nil : $0 }) {
            paths = [chosen]
        } else {
            paths = installed.map { [$0] + [sourceTree] } ?? [sourceTree]
        }
        guard let path = paths.first(where: { FileSystem.allows(.read, to: $0) }) else {
            throw NotFound(paths: paths)
        }
        return path
    }

    /// The value of ``variable`` in this process.
    public static var valueOfVariable: String? {
        getenv(variable).map { String(cString: $0) }
    }

    /// `PREFIX/share/palimpsest` for a binary in `PREFIX/bin`.
    private static var installed: String? {
        guard let binary = FileSystem.resolved("/proc/self/exe") else { return nil }
        let parts = binary.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return nil }
        return parts.dropLast(2).joined(separator: "/") + "/share/palimpsest/\(name)"
    }

    /// The file that a build in the source tree uses.
    private static var sourceTree: String {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return here.dropLast(2).joined(separator: "/") + "/DeepHiding/Resources/\(name)"
    }
}
