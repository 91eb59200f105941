import Glibc

/// How long the machine has been up.
public enum Uptime {
    /// Milliseconds since the machine booted, including suspension; nobody can set them (see
    /// clock_gettime(2), `CLOCK_BOOTTIME`).
    public static var milliseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
