/// The holder of a lease: one worker of one run of one installation.
///
/// The instance stays the same across restarts of the service; the run does not. A new run can
/// therefore tell the leases of its dead predecessors from those of somebody else, who may be
/// alive.
public struct WorkerOwner: Sendable, Hashable, CustomStringConvertible {
    /// The installation, such as a random name in its data folder: 1 to 64 letters, digits, `-`,
    /// `_`.
    public let instance: String
    /// The run, drawn at each start: 1 to 64 letters, digits, `-`, `_`.
    public let run: String
    /// The number of the worker within the run, at least 0.
    public let worker: Int

    /// Creates an owner; `nil` if a part has an invalid character, length or number.
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
