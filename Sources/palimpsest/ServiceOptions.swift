import ArgumentParser
import FoundationEssentials
import HTTPAPI

/// The options of a server.
struct ServiceOptions: ParsableArguments {
    @OptionGroup var http: HTTPOptions

    @OptionGroup var node: NodeOptions

    /// Returns the settings that the options and the environment variables describe.
    ///
    /// - Throws: `ExitCode`, after all faults have been printed.
    func settings() throws -> Settings {
        try Settings(flags: http.flags.merging(node.flags) { option, _ in option })
    }
}

extension Settings {
    /// Reads what options and the environment variables describe; options win.
    ///
    /// - Throws: `ExitCode`, after all faults have been printed.
    init(flags: [SettingsKey: String]) throws {
        do throws(SettingsLoader.Faults) {
            self = try SettingsLoader.load(
                environment: ProcessInfo.processInfo.environment,
                flags: flags,
                cores: ProcessInfo.processInfo.activeProcessorCount
            )
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode(Palimpsest.usageStatus)
        }
    }
}
