import ArgumentParser

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version, the commit that was built, and the weights.",
        discussion: """
            The weights are those that PALIMPSEST_WEIGHTS names, else the installed ones. Their \
            SHA-256 is the model_sha256 of reports.
            """
    )

    @OptionGroup var jsonOption: JSONOption

    func run() throws {
        let report = VersionReport()
        if jsonOption.json { try jsonOption.write(report) } else { print(report.text) }
    }
}
