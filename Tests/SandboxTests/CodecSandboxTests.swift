import CLinux
import CodecHarness
import Foundation
import Glibc
import ProcessHarness
import Testing

@testable import Sandbox

@Suite(
    "What a process that decodes may do",
    .enabled(if: !plm_is_sanitized()),
    .timeLimit(.minutes(10))
)
struct CodecSandboxTests {
    private struct End: Equatable {
        var signal: Int32 = 0
        var status: Int32 = 0
        var output = ""
    }

    private func end(_ program: ProgramEnd) -> End {
        End(signal: program.signal, status: program.status, output: program.outputText)
    }

    private static let probe = URL(filePath: Material.binary).deletingLastPathComponent()
        .appending(path: "SandboxProbe").path

    /// Runs the probe: a process that is restricted by the same function as a codec, and then tries
    /// one thing.
    private func end(
        _ filter: SystemCallFilter,
        _ attempt: String,
        byHelper: Bool = false
    ) throws -> End {
        let words = [filter.rawValue] + (byHelper ? ["helper"] : []) + [attempt]
        return end(try RunningProgram.run(Self.probe, words))
    }

    private static let survived = End(output: "survived\n")

    @Test("It may go on, and it may abort")
    func goesOn() throws {
        #expect(try end(.required, "nothing") == Self.survived)
        #expect(try end(.required, "abort") == End(signal: SIGABRT))
        #expect(try end(.required, "nothing", byHelper: true) == Self.survived)
        #expect(try end(.required, "abort", byHelper: true) == End(signal: SIGABRT))
    }

    @Test(
        "Whatever else it tries ends it at once",
        arguments: [
            "open a file", "make a file", "look at a file", "remove a file", "copy a descriptor",
            "make a pipe",
            "make a file in memory", "make a socket", "make a pair of sockets", "make a process",
            "make a thread",
            "run a program", "trace the parent", "read the parent's memory", "signal the parent",
            "signal a thread of the parent", "map memory to execute", "make memory executable",
            "raise a limit",
            "change the process", "become root", "make a ring of calls",
            "load a program into the kernel",
            "call by the numbers of x32",
        ]
    )
    func endsAtAttempt(attempt: String) throws {
        #expect(try end(.required, attempt) == End(signal: SIGSYS))
        #expect(try end(.required, attempt, byHelper: true) == End(signal: SIGSYS))
    }

    /// What the kernel says of every thread of a process: the numbers behind a word.
    private func rights(of pid: Int32, _ word: String) throws -> Set<[String]> {
        let tasks = "/proc/\(pid)/task"
        return Set(
            try FileManager.default.contentsOfDirectory(atPath: tasks).map { task in
                let status = try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8)
                let line = try #require(
                    status.split(separator: "\n").first { $0.hasPrefix("\(word):") }
                )
                return line.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init)
            }
        )
    }

    @Test(
        "It is nobody where it was root, in no group, and has no capability in any case",
        arguments: [SystemCallFilter.required, .off],
        [false, true]
    )
    func hasNoRights(filter: SystemCallFilter, hasHelper: Bool) throws {
        let words = [filter.rawValue] + (hasHelper ? ["helper"] : []) + ["wait"]
        let probe = try RunningProgram(Self.probe, words)
        #expect(try probe.nextByte() == UInt8(ascii: "s"))
        let pid = probe.process
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
        #expect(threads.count == (hasHelper ? 2 : 1))
        for word in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            #expect(try rights(of: pid, word) == [["0000000000000000"]], "\(word)")
        }
        if CodecUser.standing == .changes {
            for word in ["Uid", "Gid"] {
                #expect(
                    try rights(of: pid, word) == [Array(repeating: "65534", count: 4)],
                    "\(word)"
                )
            }
            #expect(try rights(of: pid, "Groups") == [[]])
            #expect(try rights(of: pid, "CapBnd") == [["0000000000000000"]])
        } else {
            #expect(try rights(of: pid, "Uid") == [Array(repeating: "\(geteuid())", count: 4)])
        }
        #expect(end(try probe.end()) == Self.survived)
    }

    @Test("The user changes where it is root that may change it, and only to a user that there is")
    func decidesAboutUser() {
        let whole = "         0          0 4294967295\n"
        func standing(
            _ user: UInt32 = 0,
            mayChange: Bool = true,
            users: String? = whole,
            groups: String? = whole,
            groupChanges: String? = "allow\n"
        ) -> CodecUser.Standing {
            CodecUser.standing(
                user: user,
                mayChange: mayChange,
                userMap: users,
                groupMap: groups,
                groupChanges: groupChanges
            )
        }
        #expect(standing() == .changes)
        #expect(standing(users: nil, groups: nil, groupChanges: nil) == .changes)
        #expect(standing(1000) == .ordinary && standing(1000, mayChange: false) == .ordinary)
        // As rootless containers have it: the first user, and a range of others.
        #expect(standing(users: "0 1000 1\n1 100000 65536\n") == .changes)
        #expect(standing(users: "0 1000 1\n1 100000 65534\n") == .changes)
        for map in ["0 1000 1\n", "0 1000 1\n1 100000 65533\n", "65535 0 9\n", "", "words\n"] {
            for decided in [standing(users: map), standing(groups: map)] {
                guard case .staysRoot(let reason) = decided else {
                    Issue.record("\(map): \(decided)")
                    continue
                }
                #expect(reason.contains("65534"))
            }
        }
        for decided in [standing(mayChange: false), standing(groupChanges: "deny\n")] {
            guard case .staysRoot = decided else {
                Issue.record("\(decided)")
                continue
            }
        }
    }

    @Test(
        "Without the filter the same attempts are made and refused or not, so that it is the filter that ends them"
    )
    func survivesWithoutFilter() throws {
        for attempt in [
            "look at a file", "make a process", "map memory to execute", "make a ring of calls",
            "become root",
        ] {
            #expect(try end(.off, attempt) == Self.survived)
            #expect(try end(.off, attempt, byHelper: true) == Self.survived)
        }
    }
}
