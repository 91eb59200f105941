import ForbiddenCalls
import Glibc
import POSIX
import Sandbox
import Synchronization

/// Restricts itself as a codec process does, tries one thing, and says so if it is still there.
///
/// Usage: `SandboxProbe required|off [helper] WHAT`; WHAT is `nothing`, `abort`, `wait` or the name
/// of an attempt. With `wait` it says that it is sealed, and waits for the end of its input. With
/// `helper` it is a thread that started before the process was sealed that tries.
@main
enum SandboxProbe {
    static func main() throws {
        var arguments = CommandLine.arguments.dropFirst()
        guard let filter = arguments.popFirst().flatMap(SystemCallFilter.init) else { exit(64) }
        let byHelper = arguments.first == "helper"
        if byHelper { arguments.removeFirst() }
        guard arguments.count == 1, let name = arguments.first else { exit(64) }
        if byHelper {
            try CodecSandbox.enter(parent: getppid(), memoryBytes: 4 << 30)
            let team = ThreadTeam(name: "helper", helpers: 1)
            guard team.helpers == 1 else { exit(65) }
            try CodecSandbox.seal(filter: filter)
            let begun = Atomic(0)
            let caller = pthread_self()
            team.run(2, threads: 2) { _ in
                // Each of the two threads gets one of the two calls.
                begun.add(1, ordering: .sequentiallyConsistent)
                while begun.load(ordering: .sequentiallyConsistent) < 2 { sched_yield() }
                if pthread_self() != caller { attempt(name) }
            }
        } else {
            try CodecSandbox.sealThisProcess(memoryBytes: 4 << 30, filter: filter)
            attempt(name)
        }
        let words = Array("survived\n".utf8)
        _ = write(STDOUT_FILENO, words, words.count)
        exit(0)
    }

    private static func attempt(_ name: String) {
        switch name {
        case "nothing": break
        case "abort": abort()
        case "wait":
            _ = write(STDOUT_FILENO, "s", 1)
            var byte: UInt8 = 0
            while read(STDIN_FILENO, &byte, 1) > 0 {}
        case let name: guard plm_attempt(name) == 0 else { exit(64) }
        }
    }
}
