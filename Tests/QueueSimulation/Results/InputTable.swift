import JobModel

/// What the simulation takes for granted, with where it comes from.
package enum InputTable {
    /// The table of the inputs, written from the values that the simulation uses.
    package static var text: String {
        Figure.table(["input", "value", "source"], load + codecs + machines + database)
    }

    private static let assumed = "assumed"
    private static let runner = "`Sources/JobRunner`, held by a test"
    private static let measured = "[performance](performance.md)"
    private static let postgres = "PostgreSQL 15, [below](#the-database)"

    private static var plan: CellPlan {
        CellPlan(loads: [], machines: 0, codecs: 0, mix: .mixed)
    }

    private static var load: [[String]] {
        let loads = Tenants.loads(count: Scenario.tenants, imagesPerDay: Scenario.imagesPerDay)
        let classes = TenantClass.allCases.map { kind in
            loads.count { TenantClass(imagesPerDay: $0) == kind }
        }
        let sizes = JobSizes.mixed.parts.map { part in
            let (low, high) = (part.sizes.lowerBound, part.sizes.upperBound)
            let range =
                low == high ? "1" : "\(Figure.fixed(low, 0)) to \(Figure.fixed(high, 0))"
            return "\(Figure.percent(part.share)) \(range)"
        }
        return [
            [
                "tenants, Zipf's law with exponent 1",
                "\(Figure.grouped(Scenario.tenants)): \(Figure.grouped(classes[0])) small (below 10,000 images a "
                    + "day), \(classes[1]) medium, \(classes[2]) large (100,000 and more); the "
                    + "largest sends \(Figure.percent(loads[0] / Scenario.imagesPerDay))",
                assumed,
            ],
            [
                "cells of tenants", "each tenant, the largest first, in the cell with the least",
                assumed,
            ],
            [
                "images of a job",
                sizes.joined(separator: ", ") + "; at most a quarter of its "
                    + "tenant's day", assumed,
            ],
            [
                "priorities",
                "\(Figure.percent(Arrivals.share(of: .high))) high, "
                    + "\(Figure.percent(Arrivals.share(of: .low))) low", assumed,
            ],
            [
                "the day",
                "one peak at \(plan.curve.peakAt / .hour) o'clock, "
                    + "\(Figure.fixed(plan.curve.peak, 0)) times the mean; "
                    + "\(Figure.fixed(plan.curve.value(at: 2 * .hour), 2)) times twelve hours later",
                assumed,
            ],
        ]
    }

    private static var codecs: [[String]] {
        let mix = PhotoMix.mixed
        let large = PhotoMix.large.meanSeconds
        return [
            [
                "a codec's time",
                "\(Figure.fixed(mix.secondsPerPhoto * 1000, 1)) ms a photo and "
                    + "\(Figure.fixed(mix.secondsPerMegapixel * 1000, 1)) ms a megapixel, so "
                    + "\(Figure.fixed(large * 1000, 0)) ms for 12 MP; "
                    + "\(Figure.fixed(mix.secondsPerSmall * 1000, 2)) ms a small picture; each "
                    + "up to \(Figure.percent(mix.spread)) more or less",
                measured,
            ],
            [
                "mixed",
                "photos of 0.3 to 2.7 MP; in \(Figure.percent(mix.smallShare)) of the "
                    + "jobs pictures of 32 to 64 pixels, claimed up to 64 at once", assumed,
            ],
            [
                "failures",
                "storage at 1 attempt in \(Figure.fixed(1 / plan.storageFaults, 0)), a "
                    + "photo in \(Figure.fixed(1 / plan.poison, 0)) ends its codec", assumed,
            ],
        ]
    }

    private static var machines: [[String]] {
        let timing = plan.timing
        func seconds(_ span: Microseconds) -> String { Figure.fixed(span.inSeconds, 0) + " s" }
        return [
            ["lease; heartbeat", "\(seconds(timing.lease)); \(seconds(timing.heartbeat))", runner],
            [
                "after a query that failed",
                "\(Figure.fixed(timing.firstFaultDelay.inSeconds, 1)) s, doubled up to "
                    + seconds(timing.lastFaultDelay),
                "`Sources/JobRunner`, the longest held by a test",
            ],
            [
                "polls of idle machines",
                "\(seconds(timing.firstPoll)), doubled up to \(seconds(timing.lastPoll)), each "
                    + "\(Figure.percent(timing.pollSpread)) more or less", "design",
            ],
            [
                "hints that there is work",
                "one in \(Figure.fixed((timing.hints ?? 0).inSeconds, 1)) s from each of "
                    + "\(plan.servers.count) servers, which ask "
                    + "\(Figure.fixed(plan.servers.looksPerSecond, 0)) times a second besides",
                "design",
            ],
            [
                "finishes",
                "gathered for \(Figure.fixed(timing.gathering.inSeconds * 1000, 0)) ms "
                    + "or \(timing.gatheredOutcomes)", "design",
            ],
            [
                "look for lapsed leases",
                "every \(seconds(timing.lease / 2)); after an outage "
                    + "none is taken back for a lease", "`Sources/JobRunner`; the pause is design",
            ],
            [
                "machines that die",
                "\(Figure.percent(plan.deathsPerHour)) an hour, replaced "
                    + "after \(seconds(timing.replacement))", assumed,
            ],
            [
                "the database is away",
                "\(seconds(plan.outage?.span ?? 0)) from "
                    + "\((plan.outage?.from ?? 0) / .hour) o'clock; clients try again after a "
                    + "random part of 1 s, doubled up to \(seconds(timing.lastClientDelay))",
                assumed,
            ],
        ]
    }

    private static var database: [[String]] {
        let cost = plan.database
        func times(_ cost: (base: Double, perImage: Double)) -> String {
            "\(Figure.fixed(cost.base * 1000, 2)) ms and "
                + "\(Figure.fixed(cost.perImage * 1000, 3)) ms an image"
        }
        return [
            ["a claim", times(cost.claim), postgres],
            ["a finish", times(cost.finish), postgres],
            ["a new job", times(cost.create), assumed],
            ["a heartbeat", times(cost.heartbeat), assumed],
            ["a hint", "\(Figure.fixed(cost.hint.base * 1000, 1)) ms", postgres],
        ]
    }
}
