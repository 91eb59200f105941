import FoundationEssentials
import Glibc
import POSIX
import Queue

/// The clocks of a machine, in milliseconds.
public struct MachineClock: Sendable {
    /// The time since 1970, which may be set.
    public let wall: @Sendable () -> Int64
    /// The time since the machine was started, asleep or awake, which nobody can set.
    public let uptime: @Sendable () -> Int64
    /// Tells this start of the machine from all others.
    public let boot: String

    /// Puts clocks together.
    public init(wall: @escaping @Sendable () -> Int64, uptime: @escaping @Sendable () -> Int64, boot: String) {
        self.wall = wall
        self.uptime = uptime
        self.boot = boot
    }

    /// One clock for both, which is never set: whatever it says has passed.
    init(_ now: @escaping @Sendable () -> Int64) {
        self.init(wall: now, uptime: now, boot: "the same")
    }

    /// This machine's.
    public static var system: MachineClock {
        MachineClock(
            wall: { Int64(Date().timeIntervalSince1970 * 1000) },
            uptime: {
                var time = timespec()
                clock_gettime(CLOCK_BOOTTIME, &time)
                return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
            },
            boot: bootID()
        )
    }

    /// The kernel's name of this boot; see proc(5).
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
