import ArgumentParser

/// The version of this program.
enum Version {
    /// The version, in Semantic Versioning 2.0.
    static let text = "0.1.0"
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version."
    )

    func run() {
        print("palimpsest \(Version.text)")
    }
}
