import ArgumentParser
import QueueSimulation

/// Writes what the simulation takes for granted.
struct InputsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inputs",
        abstract: "Lists the inputs of the simulation with their sources."
    )

    func run() {
        print(InputTable.text)
    }
}
