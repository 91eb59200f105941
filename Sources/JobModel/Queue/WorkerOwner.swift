/// Who holds a lease: one worker of one run of one installation.
///
/// The instance stays the same when the service is started again; the run does not. So a new run can tell the leases of its own dead
/// predecessors from those of somebody else who may be alive.
public struct WorkerOwner: Sendable, Hashable, CustomStringConvertible {
    /// The installation, such as a random name kept in its data folder: 1 to 64 letters, digits, `-` and `_`.
    public let instance: String
    /// The run, drawn anew at each start: 1 to 64 letters, digits, `-` and `_`.
    public let run: String
    /// The worker within the run.
    public let worker: Int

    /// Names a worker; `nil` if a part has other characters or another length.
    public init?(instance: String, run: String, worker: Int) {
        guard Self.isName(instance), Self.isName(run), worker >= 0 else { return nil }
        self.instance = instance
        self.run = run
        self.worker = worker
    }

    /// The three parts, as `instance/run/worker`.
    public var description: String { "\(instance)/\(run)/\(worker)" }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
