import ArgumentParser
import FoundationEssentials
import HTTPAPI
import Operations

/// The `check-config` command: shows what `serve` would do with these options and variables.
struct CheckConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract:
            "Prints the settings that 'serve' would use, or everything that is wrong with them.",
        discussion:
            """
            The lines can be kept as an environment file. No setting is a secret; those lie in \
            files. With --json it is an object of the variables, all of them texts, empty where \
            nothing is set. With --connect the database and the storage of photos are asked, too, \
            and what was found goes to standard error.
            """
    )

    @OptionGroup var options: ServiceOptions

    @OptionGroup var jsonOption: JSONOption

    @Flag(help: "Ask the database and the storage, too; nothing is written there.")
    var connect = false

    func run() async throws {
        let settings = try options.settings()
        try write(settings)
        guard connect else { return }
        let findings = await ConnectionCheck.findings(
            database: settings.database,
            blobs: settings.blobs,
            environment: ProcessInfo.processInfo.environment
        )
        for finding in findings {
            StandardError.write(StandardError.printable(finding.text) + "\n")
        }
        if !findings.allSatisfy(\.isGood) { throw ExitCode(1) }
    }

    private func write(_ settings: Settings) throws {
        if jsonOption.json {
            let texts = SettingsKey.allCases.map { ($0.variable, settings.text(of: $0)) }
            return try jsonOption.write(Dictionary(uniqueKeysWithValues: texts))
        }
        for key in SettingsKey.allCases {
            let text = settings.text(of: key)
            print(text.isEmpty ? "#\(key.variable)=" : "\(key.variable)=\(text)")
        }
    }
}
