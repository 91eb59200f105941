import ArgumentParser

/// Times parts of Palimpsest from inside; `make bench` runs it beside other engines and makes the tables.
@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "palimpsest-bench",
        abstract: "Times parts of Palimpsest; prints JSON.",
        subcommands: [PeakCommand.self, NetworkCommand.self, PhotoCommand.self, PNGCommand.self, HeadsCommand.self]
    )
}
