import CLinux
import Glibc
import POSIX
import Sandbox

/// A copy of this process that decodes what strangers have made: it can open nothing and reach nobody, and what it leaves is what it
/// wrote to descriptors that were open.
enum SealedChild {
    /// Runs a body in a sealed copy of this process, and waits for its end.
    ///
    /// Nothing else may be going on in the process: of its threads only this one is in the copy. A fault goes to standard error.
    ///
    /// - Parameters:
    ///   - memoryBytes: The most address space of the copy.
    ///   - filter: Whether system calls are filtered.
    ///   - body: What the copy does; whatever it changes in memory is gone afterwards.
    /// - Returns: Whether it came to its end without a fault.
    /// - Throws: ``CommandFault`` where there is no copy, or it was ended by a signal.
    static func run(
        memoryBytes: UInt64,
        filter: SystemCallFilter,
        _ body: () throws(CommandFault) -> Void
    ) throws(CommandFault) -> Bool {
        let parent = getpid()
        let child = plm_fork()
        if child == 0 {
            do throws(CommandFault) {
                try seal(parent: parent, memoryBytes: memoryBytes, filter)
                try body()
            } catch {
                StandardError.write("Error: \(error)\n")
                _exit(EXIT_FAILURE)
            }
            _exit(EXIT_SUCCESS)
        }
        guard child > 0 else {
            throw CommandFault("The process cannot be copied: \(SystemError.words(for: -child)).")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            let code = errno
            guard code == EINTR else {
                let words = SystemError.words(for: code)
                throw CommandFault("The end of the copy is not told: \(words).")
            }
        }
        // The low seven bits are the signal that ended it, the next eight its exit status.
        guard status & 0x7F == 0 else {
            throw CommandFault(
                "The picture broke the process that decodes it (signal \(status & 0x7F)); nothing was written."
            )
        }
        return status >> 8 & 0xFF == EXIT_SUCCESS
    }

    private static func seal(
        parent: Int32,
        memoryBytes: UInt64,
        _ filter: SystemCallFilter
    ) throws(CommandFault) {
        do throws(SystemError) {
            try CodecSandbox.sealThisProcess(parent: parent, memoryBytes: memoryBytes, filter: filter)
        } catch {
            let advice = error.call == SystemCallFilter.call ? "; \(SystemCallFilter.advice)" : ""
            throw CommandFault("The process cannot be restricted: \(error)\(advice).")
        }
    }
}
