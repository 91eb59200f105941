/// The tables of docs/scaling.md.
package enum SimulationTables {
    /// Writes the tables of the scenarios, then that of the variants.
    package static func text(
        _ reports: [ScenarioReport],
        variants: [(name: String, report: CellReport)]
    ) -> String {
        let tables = [
            Figure.table(ScenarioReport.loadHead, reports.map(\.load)),
            Figure.table(ScenarioReport.waitsHead, reports.flatMap(\.waits)),
            Figure.table(ScenarioReport.outageHead, reports.map(\.outage)),
            Figure.table(ScenarioReport.queriesHead, reports.map(\.queries)),
            Figure.table(ScenarioReport.faultsHead, reports.map(\.faults)),
            Figure.table(
                ScenarioReport.variantHead,
                variants.map { ScenarioReport.variant($0.name, $0.report) }
            ),
        ]
        return tables.joined(separator: "\n\n")
    }
}
