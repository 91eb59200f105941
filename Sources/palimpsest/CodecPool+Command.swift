import ArgumentParser
import CodecHost
import Imaging
import JobModel
import POSIX
import Sandbox

extension CodecPool {
    /// Starts the codec processes of a command.
    ///
    /// The pool gives up after three failed starts in a row of every process.
    ///
    /// - Parameters:
    ///   - models: The weights files.
    ///   - count: The number of processes, at least 1.
    ///   - cores: The processors that they may use together; `nil` for one a process.
    ///   - compressionLevel: The PNG compression level, 0 to 12; `nil` for the codec's default.
    ///   - maxPixels: The maximum number of pixels of a picture.
    ///   - filter: Whether to filter the processes' system calls.
    /// - Returns: The pool. The caller must stop it.
    /// - Throws: ``CommandFault`` if the processes cannot be started.
    static func start(
        models: ModelFiles,
        count: Int,
        cores: Int? = nil,
        compressionLevel: Int? = nil,
        maxPixels: Int,
        filter: SystemCallFilter
    ) throws(CommandFault) -> CodecPool {
        var configuration = CodecConfiguration(models: models)
        configuration.maxStartFailures = 3
        configuration.cores = cores
        configuration.compressionLevel = compressionLevel
        configuration.maxPixels = maxPixels
        configuration.systemCallFilter = filter
        do throws(SystemError) {
            return try CodecPool(
                count: count,
                configuration: configuration,
                logger: QuietLog.logger
            )
        } catch {
            throw CommandFault("The codec processes could not be started: \(error).")
        }
    }
}

/// The `--compression-level` option.
enum CompressionLevelOption {
    static let help = ArgumentHelp(
        "How hard PNGs are compressed, from 0 (stored) to 12 (smallest, slowest).",
        valueName: "n"
    )

    /// Checks a compression level.
    ///
    /// - Throws: A `ValidationError` if the level is not between 0 and 12.
    static func check(_ level: Int) throws {
        guard PNGEncoder.compressionLevels.contains(level) else {
            throw ValidationError("--compression-level must be a whole number from 0 to 12.")
        }
    }
}
