import CLinux

/// A fixed team of threads that share the parts of one task at a time.
///
/// Its helpers start with it and sleep while they have nothing to do. Once they have started, they
/// make no system calls but those of waiting, so that a process may give up all others.
public final class ThreadTeam: Sendable {
    private struct Body {
        let call: @Sendable (Int) -> Void
    }

    /// The team, which has a lock of its own; `nil` if there was no memory for it.
    private nonisolated(unsafe) let team: OpaquePointer?

    /// The number of helpers: fewer than wanted where the system has no more threads.
    public let helpers: Int

    /// Starts the helpers, and waits until they wait for work.
    ///
    /// - Parameters:
    ///   - name: What the system shows of each, cut after 15 characters.
    ///   - wanted: How many there are to be, 0 or more.
    ///   - stackBytes: The stack of each.
    public init(name: String, helpers wanted: Int, stackBytes: Int = 1 << 20) {
        team = plm_team_start(name, UInt32(wanted), stackBytes)
        helpers = team.map { Int(plm_team_helpers($0)) } ?? 0
    }

    deinit {
        if let team { plm_team_end(team) }
    }

    /// The number of processors that this process may use, at least 1.
    public static var usableProcessors: Int { Int(plm_usable_processors()) }

    /// Calls `body` once for each index of `0..<count`, on this thread and on helpers, and returns
    /// when all calls have returned.
    ///
    /// A call while the team has a task, as from a body, is on its own thread alone.
    ///
    /// - Parameters:
    ///   - count: The number of calls.
    ///   - threads: The most threads that share them, this one among them.
    ///   - body: May be called by several threads at once.
    public func run(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
        guard let team, count > 1, threads > 1 else {
            for index in 0..<count { body(index) }
            return
        }
        withoutActuallyEscaping(body) { body in
            withUnsafePointer(to: Body(call: body)) { body in
                plm_team_run(
                    team,
                    count,
                    UInt32(clamping: threads),
                    { body, index in
                        body?.assumingMemoryBound(to: Body.self).pointee.call(index)
                    },
                    UnsafeMutableRawPointer(mutating: body)
                )
            }
        }
    }
}
