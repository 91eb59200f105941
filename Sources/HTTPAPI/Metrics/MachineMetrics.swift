import POSIX
import Telemetry

/// The metrics of the disk and the process.
struct MachineMetrics: Sendable {
    private let diskSize: Gauge
    private let diskFree: Gauge
    private let diskMinFree: Gauge
    private let cpu: Counter
    private let resident: Gauge
    private let virtual: Gauge
    private let threads: Gauge
    private let openDescriptors: Gauge
    private let maxDescriptors: Gauge
    private let start: Gauge

    init(_ registry: MetricRegistry) {
        diskSize = registry.gauge(
            "palimpsest_disk_size_bytes",
            help: "The size of the disk that the data folder is on."
        )
        diskFree = registry.gauge(
            "palimpsest_disk_free_bytes",
            help: "Free space of the disk that the data folder is on."
        )
        diskMinFree = registry.gauge(
            "palimpsest_disk_min_free_bytes",
            help: "Uploads are refused while fewer bytes are free."
        )
        // These names and meanings are standard in Prometheus clients.
        cpu = registry.counter(
            "process_cpu_seconds_total",
            help: "User and system time of the serving process, without the codecs."
        )
        resident = registry.gauge(
            "process_resident_memory_bytes",
            help: "Resident memory of the serving process."
        )
        virtual = registry.gauge(
            "process_virtual_memory_bytes",
            help: "Address space of the serving process."
        )
        threads = registry.gauge("process_threads", help: "Threads of the serving process.")
        openDescriptors = registry.gauge("process_open_fds", help: "Open file descriptors.")
        maxDescriptors = registry.gauge("process_max_fds", help: "The most open file descriptors.")
        start = registry.gauge(
            "process_start_time_seconds",
            help: "Start time of the process in seconds since 1970."
        )
    }

    /// Updates the metrics of the disk; all sizes are in bytes.
    func set(_ disk: DiskSpace, minFreeBytes: UInt64) {
        diskSize.set(Double(disk.size))
        diskFree.set(Double(disk.free))
        diskMinFree.set(Double(minFreeBytes))
    }

    /// Updates the metrics of the process.
    func set(_ process: ProcessStatistics) {
        cpu.raise(to: process.cpuSeconds)
        resident.set(Double(process.residentBytes))
        virtual.set(Double(process.virtualBytes))
        threads.set(Double(process.threads))
        openDescriptors.set(Double(process.openDescriptors))
        maxDescriptors.set(Double(process.maxDescriptors))
        start.set(process.startSeconds)
    }
}
