import CLinux
public import CodecProtocol
import Glibc
import JobModel
public import Sandbox

/// How codec processes are started and how long they may take.
public struct CodecConfiguration: Sendable {
    /// The program; the default is the running one, found even when its file has been replaced
    /// meanwhile.
    public var executable = "/proc/self/exe"
    /// What follows the program's name; `--parent PID`, `--memory BYTES` and others are added.
    public var arguments = ["codec"]
    /// The child's environment, a `NAME=value` each; the default holds what the loader and
    /// sanitizers need, and no secret.
    public var environment = Self.inheritedEnvironment()
    /// The weights files.
    public var models: ModelFiles
    /// How long one image of 50 million pixels may take by the clock; it grows with ``maxPixels``,
    /// as the limits below do.
    public var wallLimit: Duration = .seconds(120)
    /// How much processor time one image of 50 million pixels may take.
    public var cpuLimit: Duration = .seconds(60)
    /// How long a process may take to say that it is ready.
    public var startLimit: Duration = .seconds(60)
    /// The most address space of a process; `nil` for no limit.
    ///
    /// It is that of pictures of 50 million pixels and one model. It is ignored in builds for a
    /// sanitizer.
    public var memoryBytes: UInt64? = 4 << 30
    /// How long to wait before a process that failed is started again; doubled each time.
    public var firstDelay: Duration = .milliseconds(100)
    /// The longest such wait.
    public var maxDelay: Duration = .seconds(10)
    /// After how many failures in a row of every process a pool refuses to lend; `nil` to go on
    /// trying for ever.
    public var maxStartFailures: Int?
    /// How hard PNGs are compressed, 0 to 12; `nil` for what the codec takes by itself.
    public var compressionLevel: Int?
    /// The most pixels of a picture, photo or semantic image.
    public var maxPixels = ImageCost.maxPixels
    /// Whether a process may make no other system calls than decoding needs.
    ///
    /// It is ignored in builds for a sanitizer.
    public var systemCallFilter = SystemCallFilter.required
    /// How long the parts of a frame about pictures of 50 million pixels may be.
    public var limits = CodecLimits()

    /// Takes the defaults.
    ///
    /// - Parameter models: The weights files.
    public init(models: ModelFiles) {
        self.models = models
    }

    /// Room for another model's weights, its cache and the memory that it works in and keeps.
    private static let bytesOfAnotherModel: UInt64 = 512 << 20

    /// The limit of address space that a process gets: room for all that is made of a picture of
    /// ``maxPixels``.
    var addressSpaceBytes: UInt64? {
        memoryBytes.map { bytes in
            PixelScale(maxPixels: maxPixels).scaled(bytes)
                + UInt64(models.models.count - 1) * Self.bytesOfAnotherModel
        }
    }

    /// How long the parts of a frame about pictures of ``maxPixels`` may be.
    var scaledLimits: CodecLimits {
        var scaled = limits
        scaled.maxBodyBytes = PixelScale(maxPixels: maxPixels).scaled(limits.maxBodyBytes)
        return scaled
    }

    /// How long one image of ``maxPixels`` may take by the clock.
    var scaledWallLimit: Duration { PixelScale(maxPixels: maxPixels).scaled(wallLimit) }

    /// How much processor time one image of ``maxPixels`` may take.
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
