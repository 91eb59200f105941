import ArgumentParser
import QueueSimulation

/// Simulates a day of every scenario.
struct QueueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "queue",
        abstract: "Simulates a whole day of all cells of each scenario; some minutes."
    )

    @Option(help: "Decides every random number; equal seeds give equal tables.")
    var seed: UInt64 = 1

    @Option(help: "How many cells of each scenario are simulated; all by default.")
    var cells: Int?

    func run() {
        let clock = ContinuousClock()
        let start = clock.now
        let reports = Scenario.all.map { scenario in
            let plans = scenario.plans(seed: seed).prefix(cells ?? .max)
            let reports = plans.enumerated().map { number, plan in
                Progress.say("\(scenario.name): cell \(number + 1) of \(plans.count)")
                return CellSimulation(plan).run()
            }
            return ScenarioReport(scenario, reports)
        }
        let variants = variants()
        let span = clock.now - start
        print(SimulationTables.text(reports, variants: variants))
        let events =
            reports.reduce(0) { $0 + $1.events } + variants.reduce(0) { $0 + $1.report.events }
        let facts = [
            "\(Figure.grouped(events)) events in \(Figure.fixed(span / .seconds(1), 0)) s",
            "seed \(seed)",
            Machine.description,
        ]
        print("\n- " + facts.joined(separator: ", ") + ".")
    }

    /// A cell of the third scenario with one thing otherwise.
    private func variants() -> [(name: String, report: CellReport)] {
        guard let plan = Scenario.all[2].plans(seed: seed).last else { return [] }
        return Variant.all.map { variant in
            Progress.say("variant: \(variant.name)")
            return (variant.name, CellSimulation(variant.applied(to: plan)).run())
        }
    }
}
