/// What happened in the cells of a scenario.
package struct ScenarioReport: Sendable {
    let scenario: Scenario
    let cells: [CellReport]

    /// Puts together what happened.
    package init(_ scenario: Scenario, _ cells: [CellReport]) {
        self.scenario = scenario
        self.cells = cells
    }

    /// How many events the simulation had.
    package var events: Int { total(\.events) }

    private func total(_ value: KeyPath<CellReport, Int>) -> Int {
        cells.reduce(0) { $0 + $1[keyPath: value] }
    }

    /// The mean over the cells.
    private func mean(_ value: (CellReport) -> Double) -> Double {
        cells.reduce(0) { $0 + value($1) } / Double(max(cells.count, 1))
    }

    private func most<Value: Comparable>(_ value: (CellReport) -> Value) -> Value? {
        cells.map(value).max()
    }

    /// The mean over the cells, and the most.
    private func both(_ write: (Double) -> String, _ value: (CellReport) -> Double) -> String {
        "\(write(mean(value))) (\(write(most(value) ?? 0)))"
    }

    // MARK: - Rows

    static let loadHead = [
        "", "cells × machines × codecs", "images", "codecs at work", "database at work",
        "images a claim", "queries a second, whole day", "hour before the peak",
        "most in a second",
    ]

    /// How busy the cells are.
    var load: [String] {
        let codecs = Double(scenario.machines * scenario.codecs) * 3600
        let size = [scenario.cells, scenario.machines, scenario.codecs].map(String.init)
        return [
            scenario.name, size.joined(separator: " × "), Figure.grouped(total(\.arrived)),
            both(Figure.percent) { $0.codecSecondsBeforePeak / codecs },
            both(Figure.percent) { $0.databaseSecondsBeforePeak / 3600 },
            Figure.fixed(
                Double(total(\.imagesBeforePeak)) / Double(max(total(\.claimsBeforePeak), 1)),
                1
            ),
            both(Figure.grouped) { Double($0.queries.reduce(0, +)) / $0.seconds },
            both(Figure.grouped) { Double($0.queriesBeforePeak) / 3600 },
            Figure.grouped(most(\.peak) ?? 0),
        ]
    }

    static let queriesHead =
        [""]
        + [
            "claims", "claims of nothing", "finishes", "heartbeats", "new jobs",
            "looks for lapsed leases", "looks of servers", "hints",
        ]

    /// The queries of each kind.
    var queries: [String] {
        [scenario.name]
            + QueryKind.allCases.map { kind in
                let mean = mean { Double($0.queries[kind.rawValue]) / $0.seconds }
                let most = most { $0.usualPeaks[kind.rawValue] } ?? 0
                return "\(Figure.fixed(mean, mean < 10 ? 1 : 0)) / \(Figure.grouped(most))"
            }
    }

    static let waitsHead = [
        "", "jobs of", "images", "half of them", "99 %", "longest", "images around the outage",
        "half of them", "99 %", "longest",
    ]

    /// How long images wait, a row for each group.
    var waits: [[String]] {
        WaitGroup.allCases.enumerated().map { place, group in
            let usual = merged(\.usualWaits, group)
            let outage = merged(\.outageWaits, group)
            return [place == 0 ? scenario.name : "", group.name] + Self.columns(usual)
                + Self.columns(outage)
        }
    }

    private func merged(
        _ waits: KeyPath<CellReport, [WaitHistogram]>,
        _ group: WaitGroup
    ) -> WaitHistogram {
        cells.reduce(into: WaitHistogram()) { $0.merge($1[keyPath: waits][group.rawValue]) }
    }

    private static func columns(_ waits: WaitHistogram) -> [String] {
        let times = [waits.quantile(0.5), waits.quantile(0.99), waits.longest]
        return [Figure.grouped(waits.count)] + times.map { Figure.three($0.inSeconds) }
    }

    static let faultsHead = [
        "", "machines died", "images taken back", "done twice", "failed",
        "set aside, codecs died on them", "set aside otherwise", "not ended",
    ]

    /// What went wrong with images.
    var faults: [String] {
        [scenario.name]
            + [
                total(\.deaths), total(\.lapsedOfDead) + total(\.lapsedOfLiving),
                total(\.resultsLost), total(\.failed), total(\.quarantinedByCodecs),
                total(\.quarantinedOtherwise), total(\.unfinished),
            ].map(Figure.grouped)
    }

    static let outageHead = [
        "", "images waiting before", "at most", "queries in the first second",
        "in the worst of ten seconds", "queries waiting at once", "as before after",
    ]

    /// What the outage does.
    var outage: [String] {
        let gone = cells.map(\.backlogGoneAfter)
        let longest = gone.contains(nil) ? nil : gone.compactMap { $0 }.max()
        return [
            scenario.name,
            both(Figure.grouped) { $0.usualBacklog },
            both(Figure.grouped) { Double($0.largestBacklog) },
            both(Figure.grouped) { Double($0.herd.first ?? 0) },
            both(Figure.grouped) { Double($0.herd.max() ?? 0) },
            Figure.grouped(most(\.longestHerdQueue) ?? 0),
            longest.map { Figure.fixed($0.inSeconds, 0) + " s" } ?? "never",
        ]
    }

    static let variantHead = [
        "", "images taken back", "from machines alive", "done twice", "results dropped",
        "set aside otherwise", "longest wait of one image and nothing else",
        "as before after",
    ]

    /// What a variant does to a cell.
    static func variant(_ name: String, _ report: CellReport) -> [String] {
        [name]
            + [
                report.lapsedOfDead + report.lapsedOfLiving, report.lapsedOfLiving,
                report.resultsLost, report.resultsDropped, report.quarantinedOtherwise,
            ].map(Figure.grouped)
            + [
                Figure.three(
                    report.usualWaits[WaitGroup.smallSingle.rawValue].longest.inSeconds
                ) + " s"
            ]
            + [report.backlogGoneAfter.map { Figure.fixed($0.inSeconds, 0) + " s" } ?? "-"]
    }
}

extension Figure {
    /// A number without digits after the point.
    static func grouped(_ value: Double) -> String { fixed(value, 0) }
}

extension WaitGroup {
    /// The group's name in the tables.
    var name: String {
        switch self {
        case .smallSingle: "small tenants, one image and nothing else"
        case .small: "small tenants"
        case .medium: "medium tenants"
        case .large: "large tenants"
        }
    }
}
