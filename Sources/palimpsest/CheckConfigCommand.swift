import ArgumentParser
import HTTPAPI

/// The `check-config` command: shows what `serve` would do with these options and variables.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract:
            "Prints the settings that 'serve' would use, or everything that is wrong with them.",
        discussion:
            """
            The lines can be kept as an environment file. No setting is a secret; those lie in \
            files. With --json it is an object of the variables, all of them texts, empty where \
            nothing is set.
            """
    )

    @OptionGroup var options: ServiceOptions

    @OptionGroup var jsonOption: JSONOption

    func run() throws {
        let settings = try options.settings()
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
