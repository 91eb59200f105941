import Glibc

/// How much a tenant sends.
package enum TenantClass: Int, Sendable, CaseIterable {
    /// Fewer than 10,000 images a day.
    case small
    /// Fewer than 100,000 images a day.
    case medium
    /// At least 100,000 images a day.
    case large

    /// The class of a tenant that sends so many images a day.
    package init(imagesPerDay: Double) {
        self = imagesPerDay < 10_000 ? .small : imagesPerDay < 100_000 ? .medium : .large
    }
}

/// Tenants whose loads follow Zipf's law, placed in cells.
package enum Tenants {
    /// The images a day of each tenant, the largest first: the n-th sends 1/n of the first.
    package static func loads(count: Int, imagesPerDay: Double) -> [Double] {
        let harmonic = (1...max(count, 1)).reduce(0) { $0 + 1 / Double($1) }
        return (0..<count).map { imagesPerDay / harmonic / Double($0 + 1) }
    }

    /// Places tenants as an operator would: each, the largest first, in the cell with the least.
    package static func placed(_ loads: [Double], cells: Int) -> [[Double]] {
        var placed = [[Double]](repeating: [], count: cells)
        var sums = [Double](repeating: 0, count: cells)
        for load in loads {
            let cell = sums.indices.min { sums[$0] < sums[$1] } ?? 0
            placed[cell].append(load)
            sums[cell] += load
        }
        return placed
    }
}
