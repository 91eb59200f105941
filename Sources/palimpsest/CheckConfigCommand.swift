import ArgumentParser
import HTTPAPI

/// The `check-config` command: shows what `serve` would do with these options and variables.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract:
            "Prints the settings that 'serve' would use, or everything that is wrong with them.",
        discussion:
            "The lines can be kept as an environment file. No setting is a secret; those lie in files."
    )

    @OptionGroup var options: ServiceOptions

    func run() throws {
        let settings = try options.settings()
        for key in SettingsKey.allCases {
            let text = settings.text(of: key)
            print(text.isEmpty ? "#\(key.variable)=" : "\(key.variable)=\(text)")
        }
    }
}
