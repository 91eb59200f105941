import CLinux
public import CodecProtocol
import Glibc
import JobModel
public import Sandbox

/// How to start codec processes, and their limits.
public struct CodecConfiguration: Sendable {
    /// The program; the default is the running one, found even if its file was replaced.
    public var executable = "/proc/self/exe"
    /// The first arguments of the program; `--parent PID`, `--memory BYTES` and others follow.
    public var arguments = ["codec"]
    /// The child's environment, as `NAME=value`.
    ///
    /// The default holds what the loader and sanitizers need, the variable that chooses the
    /// instruction set, and no secret.
    public var environment = Self.inheritedEnvironment()
    /// The weights files.
    public var models: ModelFiles
    /// The most wall-clock time for one image of 50 million pixels.
    ///
    /// Like the limits below, it grows with ``maxPixels``.
    public var wallLimit: Duration = .seconds(120)
    /// The most CPU time for one image of 50 million pixels.
    public var cpuLimit: Duration = .seconds(60)
    /// How long a process may take until it reports that it is ready.
    public var startLimit: Duration = .seconds(60)
    /// The limit of a process's address space; `nil` for none.
    ///
    /// It is meant for pictures of 50 million pixels and one model. Sanitizer builds ignore it.
    public var memoryBytes: UInt64? = 4 << 30
    /// How long to wait before restarting a process that failed; doubled after each failure.
    public var firstDelay: Duration = .milliseconds(100)
    /// The longest such wait.
    public var maxDelay: Duration = .seconds(10)
    /// After how many failures in a row of every process a pool refuses to lend; `nil` to keep
    /// trying.
    public var maxStartFailures: Int?
    /// The compression level of PNGs, 0 to 12; `nil` for the codec's default.
    public var compressionLevel: Int?
    /// The most pixels of a photo or semantic image.
    public var maxPixels = ImageCost.maxPixels
    /// Whether a process may make only the system calls that decoding needs.
    ///
    /// Sanitizer builds ignore it.
    public var systemCallFilter = SystemCallFilter.required
    /// The processors that a pool may use, at most those of the machine; `nil` for one a process.
    ///
    /// A single large picture gets several when no other needs them.
    public var cores: Int?
    /// The limits of a frame's parts for pictures of 50 million pixels.
    public var limits = CodecLimits()

    /// Creates a configuration with the defaults.
    public init(models: ModelFiles) {
        self.models = models
    }

    /// Space for another model's weights, its cache, and the working memory it keeps.
    private static let bytesOfAnotherModel: UInt64 = 512 << 20

    /// The limit of a process's address space for pictures of ``maxPixels`` and all models.
    var addressSpaceBytes: UInt64? {
        memoryBytes.map { bytes in
            PixelScale(maxPixels: maxPixels).scaled(bytes)
                + UInt64(models.models.count - 1) * Self.bytesOfAnotherModel
        }
    }

    /// The limits of a frame's parts for pictures of ``maxPixels``.
    var scaledLimits: CodecLimits {
        var scaled = limits
        scaled.maxBodyBytes = PixelScale(maxPixels: maxPixels).scaled(limits.maxBodyBytes)
        return scaled
    }

    /// The most wall-clock time for one image of ``maxPixels``.
    var scaledWallLimit: Duration { PixelScale(maxPixels: maxPixels).scaled(wallLimit) }

    /// The most CPU time for one image of ``maxPixels``.
    var scaledCPULimit: Duration { PixelScale(maxPixels: maxPixels).scaled(cpuLimit) }

    private static let inheritedNames = [
        "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", "PALIMPSEST_ISA",
    ]

    private static func inheritedEnvironment() -> [String] {
        inheritedNames.compactMap { name in
            getenv(name).map { "\(name)=\(String(cString: $0))" }
        }
    }
}
