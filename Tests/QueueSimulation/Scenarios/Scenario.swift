/// Cells that share a day's load.
package struct Scenario: Sendable {
    /// Its name in the tables.
    package let name: String
    /// How many cells there are.
    package let cells: Int
    /// How many machines a cell has.
    package let machines: Int
    /// How many codecs a machine has.
    package let codecs: Int
    /// What images are.
    package let mix: PhotoMix
    /// How many times faster than the measured one the databases are.
    package var databaseSpeed = 1.0
    /// Whether servers hint that there is work.
    package var hints = true

    /// How many images come in a day, and from how many tenants.
    package static let imagesPerDay = 1e8
    /// How many tenants there are.
    package static let tenants = 10_000

    /// The scenarios of docs/scaling.md.
    package static let all = [
        Scenario(name: "12 MP, 5,120 codecs", cells: 10, machines: 16, codecs: 32, mix: .large),
        Scenario(
            name: "12 MP, 5,120 codecs, no hints",
            cells: 10,
            machines: 16,
            codecs: 32,
            mix: .large,
            hints: false
        ),
        Scenario(name: "12 MP, 1,280 codecs", cells: 10, machines: 4, codecs: 32, mix: .large),
        Scenario(name: "mixed, 320 codecs", cells: 10, machines: 4, codecs: 8, mix: .mixed),
        Scenario(
            name: "mixed, 320 codecs, fast database",
            cells: 10,
            machines: 4,
            codecs: 8,
            mix: .mixed,
            databaseSpeed: 4
        ),
        Scenario(
            name: "12 MP, 1,280 codecs, 5 cells",
            cells: 5,
            machines: 8,
            codecs: 32,
            mix: .large
        ),
        Scenario(
            name: "12 MP, 1,280 codecs, 5 cells, fast database",
            cells: 5,
            machines: 8,
            codecs: 32,
            mix: .large,
            databaseSpeed: 4
        ),
    ]

    /// The plans of its cells.
    package func plans(seed: UInt64) -> [CellPlan] {
        let loads = Tenants.loads(count: Self.tenants, imagesPerDay: Self.imagesPerDay)
        return Tenants.placed(loads, cells: cells).enumerated().map { cell, loads in
            var plan = CellPlan(loads: loads, machines: machines, codecs: codecs, mix: mix)
            plan.database = DatabaseCost(speed: databaseSpeed)
            if !hints { plan.timing.hints = nil }
            plan.seed = SeededRandom.mixed(seed &* 1000 &+ UInt64(cell))
            return plan
        }
    }
}

extension PhotoMix {
    /// Photos of 4032×3024.
    package static let large = PhotoMix(megapixels: 12.192768...12.192768, smallShare: 0)
    /// Photos of 0.3 to 2.7 megapixels, 1.49 on average, and small pictures in a tenth of the jobs.
    package static let mixed = PhotoMix(megapixels: 0.3...2.684, smallShare: 0.1)
}
