import ArgumentParser
import Sandbox

/// The `--system-call-filter` option: whether decoding processes may make only the system calls
/// that they need.
struct SystemCallFilterOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "required, or off for kernels without seccomp: decoding may make only the system calls that it needs. (default: required)",
            valueName: "how"
        ),
        transform: parse
    )
    var systemCallFilter = SystemCallFilter.required

    private static func parse(_ text: String) throws -> SystemCallFilter {
        guard let filter = SystemCallFilter(rawValue: text) else {
            throw ValidationError("--system-call-filter must be required or off.")
        }
        return filter
    }
}
