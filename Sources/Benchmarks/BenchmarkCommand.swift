import ArgumentParser

/// Measures parts of Palimpsest from inside the process.
///
/// `make bench` runs it alongside other engines and writes the tables.
@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "palimpsest-bench",
        abstract: "Times parts of Palimpsest; prints JSON.",
        subcommands: [
            PeakCommand.self, NetworkCommand.self, PhotoCommand.self, PNGCommand.self,
            HeadsCommand.self,
        ]
    )
}
