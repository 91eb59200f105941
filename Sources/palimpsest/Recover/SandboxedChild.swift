import CLinux
import Glibc
import POSIX
import Sandbox

/// A forked copy of this process that decodes untrusted data in a sandbox.
///
/// The child can open no file and reach no network. Its only effects are writes to descriptors that
/// were already open.
enum SandboxedChild {
    /// Runs `body` in a sandboxed child process and waits for it to end.
    ///
    /// The calling process must have no other activity: only the calling thread exists in the
    /// child.
    ///
    /// - Parameters:
    ///   - memoryBytes: The child's address space limit in bytes.
    ///   - filter: Whether to filter the child's system calls.
    ///   - tell: Tells in the child which error ended it; by default on standard error.
    ///   - body: The work. Its changes to memory are lost.
    /// - Returns: Whether `body` finished without an error.
    /// - Throws: ``CommandFault`` if the child could not be started or was ended by a signal.
    static func run(
        memoryBytes: UInt64,
        filter: SystemCallFilter,
        tell: (CommandFault) -> Void = { StandardError.write("Error: \($0)\n") },
        _ body: () throws(CommandFault) -> Void
    ) throws(CommandFault) -> Bool {
        let parent = getpid()
        let child = plm_fork()
        if child == 0 {
            do throws(CommandFault) {
                try enterSandbox(parent: parent, memoryBytes: memoryBytes, filter)
                try body()
            } catch {
                tell(error)
                _exit(EXIT_FAILURE)
            }
            _exit(EXIT_SUCCESS)
        }
        guard child > 0 else {
            throw CommandFault(
                "A child process could not be started: \(SystemError.words(for: -child))."
            )
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            let code = errno
            guard code == EINTR else {
                let words = SystemError.words(for: code)
                throw CommandFault("The child process could not be waited for: \(words).")
            }
        }
        // In a wait status, bits 0 to 6 are the signal and bits 8 to 15 the exit status.
        guard status & 0x7F == 0 else {
            throw CommandFault(
                "The picture broke the process that decodes it (signal \(status & 0x7F)); nothing was written."
            )
        }
        return status >> 8 & 0xFF == EXIT_SUCCESS
    }

    private static func enterSandbox(
        parent: Int32,
        memoryBytes: UInt64,
        _ filter: SystemCallFilter
    ) throws(CommandFault) {
        do throws(SystemError) {
            try CodecSandbox.sealThisProcess(
                parent: parent,
                memoryBytes: memoryBytes,
                filter: filter
            )
        } catch {
            let advice = error.call == SystemCallFilter.call ? "; \(SystemCallFilter.advice)" : ""
            throw CommandFault("The process cannot be restricted: \(error)\(advice).")
        }
    }
}
