import ArgumentParser
import QueueSimulation

/// Writes what a day takes on paper.
struct EstimateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate",
        abstract: "Works out what a day of images takes and costs, without any simulation."
    )

    func run() {
        print(Estimate.table)
        print("\n" + Estimate.bill(PriceList.all))
    }
}
