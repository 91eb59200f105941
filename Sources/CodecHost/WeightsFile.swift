import Glibc
import POSIX

/// Where the network's weights are.
public enum WeightsFile {
    /// The name of the shipped file.
    public static let name = "deep-hiding.safetensors"

    /// The variable that names a file.
    public static let variable = "PALIMPSEST_WEIGHTS"

    /// There is no weights file.
    public struct NotFound: Error, Sendable, CustomStringConvertible {
        /// Where it was looked for.
        public let paths: [String]

        /// A sentence that says what to do.
        public var description: String {
            "There is no weights file at \(paths.joined(separator: " or ")); \(name) must lie at ../share/palimpsest/ from the "
                + "binary, or be named by --weights or \(variable)."
        }
    }

    /// Finds the weights: the file that is named, else that of the variable, else
    /// `share/palimpsest` beside the binary's folder, else the source tree's.
    ///
    /// - Parameters:
    ///   - named: What the command line says; it is not looked for anywhere else.
    ///   - environment: The value of ``variable``; by default that of this process.
    /// - Returns: The path of a file that can be read.
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

    /// What ``variable`` is in this process.
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

    /// The file that a build from source uses in place.
    private static var sourceTree: String {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return here.dropLast(2).joined(separator: "/") + "/DeepHiding/Resources/\(name)"
    }
}
