import ForbiddenCalls
import Glibc
import Sandbox

/// Restricts itself as a codec process does, tries one thing, and says so if it is still there.
///
/// Usage: `SandboxProbe required|off WHAT`; WHAT is `nothing`, `abort`, `wait` or the name of an attempt. With `wait` it says that it
/// is sealed, and waits for the end of its input.
@main
enum SandboxProbe {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let filter = SystemCallFilter(rawValue: arguments[1]) else {
            exit(64)
        }
        try CodecSandbox.sealThisProcess(memoryBytes: 4 << 30, filter: filter)
        switch arguments[2] {
        case "nothing": break
        case "abort": abort()
        case "wait":
            _ = write(STDOUT_FILENO, "s", 1)
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
        case let name: guard plm_attempt(name) == 0 else { exit(64) }
        }
        let words = Array("survived\n".utf8)
        _ = write(STDOUT_FILENO, words, words.count)
        exit(0)
    }
}
