import ArgumentParser
import CodecHost
import Imaging
import POSIX
import Sandbox

extension CodecPool {
    /// Starts the codec processes of a command, which gives up when they do not start.
    ///
    /// - Parameters:
    ///   - weightsFile: The network's weights.
    ///   - count: How many processes, at least 1.
    ///   - compressionLevel: How hard they compress PNGs; `nil` for the standard.
    ///   - maxPixels: The most pixels of a picture.
    ///   - filter: Whether their system calls are filtered.
    /// - Returns: The pool, to be stopped in the end.
    /// - Throws: ``CommandFault``.
    static func start(
        weightsFile: String,
        count: Int,
        compressionLevel: Int? = nil,
        maxPixels: Int,
        filter: SystemCallFilter
    ) throws(CommandFault) -> CodecPool {
        var configuration = CodecConfiguration(weightsFile: weightsFile)
        configuration.maxStartFailures = 3
        configuration.compressionLevel = compressionLevel
        configuration.maxPixels = maxPixels
        configuration.systemCallFilter = filter
        do throws(SystemError) {
            return try CodecPool(count: count, configuration: configuration, logger: QuietLog.logger)
        } catch {
            throw CommandFault("The codec processes could not be started: \(error).")
        }
    }
}

/// The option of how hard PNGs are compressed.
enum CompressionLevelOption {
    static let help = ArgumentHelp(
        "How hard PNGs are compressed, from 0 (stored) to 12 (smallest, slowest).",
        valueName: "n"
    )

    /// - Throws: A `ValidationError` if there is no such level.
    static func check(_ level: Int) throws {
        guard PNGEncoder.compressionLevels.contains(level) else {
            throw ValidationError("--compression-level must be a whole number from 0 to 12.")
        }
    }
}

/// The option that names the weights.
enum WeightsOption {
    /// The file that an option, a variable or the place of the binary names.
    ///
    /// - Parameter named: What the option says.
    /// - Returns: The path of a file that can be read.
    /// - Throws: ``UsageFault`` if there is none.
    static func find(_ named: String?) throws(UsageFault) -> String {
        do throws(WeightsFile.NotFound) {
            return try WeightsFile.find(named: named)
        } catch {
            throw UsageFault(StandardError.printable(error.description))
        }
    }
}
