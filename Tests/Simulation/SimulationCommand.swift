import ArgumentParser

/// Tells what a cell of Palimpsest would do at scale.
///
/// `make simulation` runs it.
@main
struct SimulationCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Simulation",
        abstract: "Simulates the queue at scale, without any I/O; prints tables in Markdown.",
        subcommands: [QueueCommand.self, InputsCommand.self, EstimateCommand.self]
    )
}
