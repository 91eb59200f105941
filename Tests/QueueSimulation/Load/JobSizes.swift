import Glibc

/// How many images jobs have.
package struct JobSizes: Sendable {
    /// A part of all jobs, with sizes that spread evenly over their logarithms.
    package struct Part: Sendable {
        /// The part's share of all jobs.
        package let share: Double
        /// The smallest and the largest size.
        package let sizes: ClosedRange<Double>

        /// Describes a part.
        package init(share: Double, sizes: ClosedRange<Double>) {
            self.share = share
            self.sizes = sizes
        }

        func size(at quantile: Double) -> Int {
            let ratio = sizes.upperBound / sizes.lowerBound
            return max(Int((sizes.lowerBound * pow(ratio, quantile)).rounded()), 1)
        }
    }

    /// The parts; their shares add up to 1.
    package let parts: [Part]

    /// Creates a mix.
    package init(_ parts: [Part]) {
        self.parts = parts
    }

    /// Single photos, albums, folders and training sets.
    package static let mixed = JobSizes([
        Part(share: 0.60, sizes: 1...1),
        Part(share: 0.30, sizes: 2...50),
        Part(share: 0.09, sizes: 50...1000),
        Part(share: 0.01, sizes: 1000...5000),
    ])

    /// Draws a size of at most `limit`.
    func draw(limit: Int, from random: inout SeededRandom) -> Int {
        var rest = random.unit()
        let quantile = random.unit()
        for part in parts {
            if rest < part.share { return min(part.size(at: quantile), limit) }
            rest -= part.share
        }
        return 1
    }

    /// The mean of ``draw(limit:from:)``.
    func mean(limit: Int) -> Double {
        let steps = 400
        return parts.reduce(0) { sum, part in
            let total = (0..<steps).reduce(0) { total, step in
                total + min(part.size(at: (Double(step) + 0.5) / Double(steps)), limit)
            }
            return sum + part.share * Double(total) / Double(steps)
        }
    }
}
