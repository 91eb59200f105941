import Glibc
import POSIX

/// Kernel statistics of this process (proc(5)), for the standard Prometheus process metrics.
public struct ProcessStatistics: Sendable, Equatable {
    /// User and system CPU time in seconds.
    public let cpuSeconds: Double
    /// Resident memory in bytes.
    public let residentBytes: UInt64
    /// Address space in bytes.
    public let virtualBytes: UInt64
    /// The number of threads.
    public let threads: Int
    /// The number of open descriptors.
    public let openDescriptors: Int
    /// The maximum number of open descriptors.
    public let maxDescriptors: UInt64
    /// The start time of the process, in seconds since 1970.
    public let startSeconds: Double

    /// The most bytes of a file below /proc, which has a line for each processor.
    private static let maxBytes = 16 << 20

    /// Queries the kernel.
    ///
    /// - Returns: The statistics, or `nil` without `/proc`.
    public static func current() -> ProcessStatistics? {
        guard let status = contents(of: "/proc/self/stat"), let boot = contents(of: "/proc/stat"),
            let descriptors = try? Folder.names(in: "/proc/self/fd").count,
            let limit = DescriptorLimit.current()
        else { return nil }
        return ProcessStatistics(
            status: status,
            boot: boot,
            ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: UInt64(sysconf(Int32(_SC_PAGESIZE))),
            // One of them belongs to the directory being listed.
            openDescriptors: max(descriptors - 1, 0),
            maxDescriptors: limit.soft
        )
    }

    /// Parses the two files.
    ///
    /// - Parameters:
    ///   - status: `/proc/self/stat`, whose second field is a name in parentheses that may hold
    ///     anything.
    ///   - boot: `/proc/stat`, which gives the boot time.
    ///   - ticksPerSecond: The clock ticks per second in both files.
    ///   - pageBytes: The unit of resident memory.
    ///   - openDescriptors: The number of open descriptors.
    ///   - maxDescriptors: The limit of open descriptors.
    init?(
        status: String,
        boot: String,
        ticksPerSecond: Double,
        pageBytes: UInt64,
        openDescriptors: Int,
        maxDescriptors: UInt64
    ) {
        guard let name = status.lastIndex(of: ")") else { return nil }
        // `fields[0]` is the third field of proc(5).
        let fields = status[status.index(after: name)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 21, let user = Double(fields[11]), let system = Double(fields[12]),
            let threads = Int(fields[17]),
            let start = Double(fields[19]), let virtual = UInt64(fields[20]),
            let resident = UInt64(fields[21]),
            let booted = boot.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })
                .flatMap({
                    Double($0.dropFirst(6))
                })
        else { return nil }
        cpuSeconds = (user + system) / ticksPerSecond
        residentBytes = resident * pageBytes
        virtualBytes = virtual
        self.threads = threads
        self.openDescriptors = openDescriptors
        self.maxDescriptors = maxDescriptors
        startSeconds = booted + start / ticksPerSecond
    }

    private static func contents(of path: String) -> String? {
        do throws(SystemError) {
            let file = try FileDescriptor(opening: path)
            return String(decoding: try file.readAll(limit: maxBytes), as: UTF8.self)
        } catch {
            return nil
        }
    }
}
