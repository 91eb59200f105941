/// One thing done otherwise than the queue does it, to see what it is good for.
package struct Variant: Sendable {
    /// Its name in the table.
    package let name: String
    /// What differs.
    let change: @Sendable (inout CellPlan) -> Void

    /// The variants of docs/scaling.md; the first is no change.
    package static let all = [
        Variant(name: "as it is") { _ in },
        Variant(name: "no outage") { $0.outage?.span = 0 },
        Variant(name: "leases are taken back as soon as the database is there") {
            $0.timing.rescuePauses = false
        },
        Variant(name: "machines drop what they could not finish for a lease") {
            $0.timing.outcomesKept = $0.timing.lease
        },
        Variant(name: "both") {
            $0.timing.rescuePauses = false
            $0.timing.outcomesKept = $0.timing.lease
        },
        Variant(name: "no machine dies") { $0.deathsPerHour = 0 },
        Variant(name: "machines die a hundred times as often") { $0.deathsPerHour *= 100 },
    ]

    /// A plan with what differs.
    package func applied(to plan: CellPlan) -> CellPlan {
        var plan = plan
        change(&plan)
        return plan
    }
}
