import CLinux
import POSIX

/// Brings the reason for a failure out of a sandboxed child, which may have been taken over.
struct ReasonPipe: ~Copyable {
    /// Fewer than a pipe takes in one piece.
    private static let maxBytes = 2048

    private let reader: FileDescriptor
    private let writer: FileDescriptor

    /// Creates a pipe that nobody waits for.
    init() throws(CommandFault) {
        var ends: [Int32] = [-1, -1]
        do throws(SystemError) {
            try SystemError.check("pipe2", plm_pipe(&ends))
        } catch {
            throw CommandFault("A child process could not be started: \(error.words).")
        }
        reader = FileDescriptor(owning: ends[0])
        writer = FileDescriptor(owning: ends[1])
    }

    /// Sends the reason; the child calls this.
    func send(_ fault: CommandFault) {
        try? writer.writeAll(Array(fault.description.utf8.prefix(Self.maxBytes)))
    }

    /// The reason that the child has sent before it ended, printable.
    var reason: String {
        let bytes = (try? reader.readNext(atMost: Self.maxBytes)) ?? []
        guard !bytes.isEmpty else { return "The process that decodes it failed without a reason." }
        return StandardError.printable(String(decoding: bytes, as: UTF8.self))
    }
}
