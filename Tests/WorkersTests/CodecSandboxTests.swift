import CLinux
import Foundation
import Glibc
import Testing

@testable import Workers

@Suite("What a process that decodes may do", .enabled(if: !plm_is_sanitized()), .timeLimit(.minutes(2)))
struct CodecSandboxTests {
    private struct End: Equatable {
        var signal: Int32 = 0
        var status: Int32 = 0
        var output = ""
    }

    /// Runs the probe: a process that is restricted by the same function as a codec, and then tries one thing.
    private func end(_ filter: SystemCallFilter, _ attempt: String) throws -> End {
        let probe = Process()
        probe.executableURL = URL(filePath: Material.binary).deletingLastPathComponent().appending(path: "SandboxProbe")
        probe.arguments = [filter.rawValue, attempt]
        let output = Pipe()
        probe.standardOutput = output
        try probe.run()
        let words = try output.fileHandleForReading.readToEnd() ?? Data()
        probe.waitUntilExit()
        let isSignal = probe.terminationReason == .uncaughtSignal
        return End(
            signal: isSignal ? probe.terminationStatus : 0,
            status: isSignal ? 0 : probe.terminationStatus,
            output: String(decoding: words, as: UTF8.self)
        )
    }

    private static let survived = End(output: "survived\n")

    @Test("It may go on, and it may abort")
    func goesOn() throws {
        #expect(try end(.required, "nothing") == Self.survived)
        #expect(try end(.required, "abort") == End(signal: SIGABRT))
    }

    @Test(
        "Whatever else it tries ends it at once",
        arguments: [
            "open a file", "make a file", "look at a file", "remove a file", "copy a descriptor", "make a pipe",
            "make a file in memory", "make a socket", "make a pair of sockets", "make a process", "make a thread",
            "run a program", "trace the parent", "read the parent's memory", "signal the parent",
            "signal a thread of the parent", "map memory to execute", "make memory executable", "raise a limit",
            "change the process", "make a ring of calls", "load a program into the kernel",
            "call by the numbers of x32",
        ]
    )
    func endsAtAttempt(attempt: String) throws {
        #expect(try end(.required, attempt) == End(signal: SIGSYS))
    }

    @Test("Without the filter the same attempts are made and refused or not, so that it is the filter that ends them")
    func survivesWithoutFilter() throws {
        for attempt in ["look at a file", "make a process", "map memory to execute", "make a ring of calls"] {
            #expect(try end(.off, attempt) == Self.survived)
        }
    }
}
