import FoundationEssentials
import POSIX
import Queue

/// The clocks of a machine, in milliseconds.
public struct MachineClock: Sendable {
    /// The time since 1970, which can be set.
    public let wall: @Sendable () -> Int64
    /// The time since the machine booted, including suspension, which cannot be set.
    public let uptime: @Sendable () -> Int64
    /// Identifies the current boot of the machine.
    public let boot: String

    /// Creates clocks from functions.
    public init(
        wall: @escaping @Sendable () -> Int64,
        uptime: @escaping @Sendable () -> Int64,
        boot: String
    ) {
        self.wall = wall
        self.uptime = uptime
        self.boot = boot
    }

    /// Creates a single clock that is never set, used as the wall clock and as the uptime.
    init(_ now: @escaping @Sendable () -> Int64) {
        self.init(wall: now, uptime: now, boot: "the same")
    }

    /// The clocks of this machine.
    public static var system: MachineClock {
        MachineClock(
            wall: { Int64(Date().timeIntervalSince1970 * 1000) },
            uptime: { Uptime.milliseconds },
            boot: bootID()
        )
    }

    /// Returns the kernel's identifier of this boot, see proc(5); empty if it cannot be read.
    private static func bootID() -> String {
        do throws(SystemError) {
            let file = try FileDescriptor(opening: "/proc/sys/kernel/random/boot_id")
            let line = try file.readNext(atMost: 64)
            return String(decoding: line.prefix { $0 > 0x20 }, as: UTF8.self)
        } catch {
            return ""
        }
    }
}
