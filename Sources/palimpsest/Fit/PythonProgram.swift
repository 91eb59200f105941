import FoundationEssentials
import Glibc
import POSIX

/// The Python programs that belong to this one, and the interpreter that runs them.
struct PythonProgram {
    /// The environment variable that names an interpreter.
    static let variable = "PALIMPSEST_PYTHON"

    /// The interpreter, a path or a name that is looked up in PATH.
    let interpreter: String
    /// The folder of the Python packages.
    let folder: String

    /// Finds the packages, beside an installed binary or in the source tree, and an interpreter:
    /// the variable's, that of the source tree's environment, or `python3`.
    ///
    /// - Throws: ``CommandFault`` if the packages are nowhere.
    static func find() throws(CommandFault) -> PythonProgram {
        let folders = [installed, sourceTree].compactMap { $0 }
        guard
            let folder = folders.first(where: {
                FileSystem.allows(.read, to: "\($0)/methods/fit.py")
            })
        else {
            throw CommandFault(
                "The Python packages of the fit are not at \(folders.joined(separator: " or "))."
            )
        }
        let named = ProcessInfo.processInfo.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        let own = "\(folder)/../.venv/bin/python"
        return PythonProgram(
            interpreter: named ?? (FileSystem.allows(.execute, to: own) ? own : "python3"),
            folder: folder
        )
    }

    /// Replaces this process by a module of the packages, so that signals and exit status are its
    /// own.
    ///
    /// - Throws: ``CommandFault`` if the interpreter cannot be started.
    func run(_ module: String, _ arguments: [String]) throws(CommandFault) -> Never {
        setenv("PYTHONPATH", folder, 1)
        // Python's own packages may not lie where a user's files do.
        setenv("PYTHONSAFEPATH", "1", 1)
        setenv("PYTHONDONTWRITEBYTECODE", "1", 1)
        let words = [interpreter, "-m", module] + arguments
        var pointers = words.map { strdup($0) } + [nil]
        execvp(interpreter, &pointers)
        throw CommandFault(
            "Python cannot be started as \(StandardError.printable(interpreter)) "
                + "(\(String(cString: strerror(errno)))); install python3, or name it by "
                + "\(Self.variable)."
        )
    }

    /// `PREFIX/share/palimpsest/training` for a binary in `PREFIX/bin`.
    private static var installed: String? {
        guard let binary = FileSystem.resolved("/proc/self/exe") else { return nil }
        let parts = binary.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 2 else { return nil }
        return parts.dropLast(2).joined(separator: "/") + "/share/palimpsest/training"
    }

    /// The folder that a build in the source tree uses.
    private static var sourceTree: String {
        let here = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return here.dropLast(4).joined(separator: "/") + "/Training"
    }
}
