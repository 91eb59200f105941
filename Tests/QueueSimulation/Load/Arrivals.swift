import JobModel

/// A job that somebody sends.
struct SentJob {
    let tenant: Int
    let images: Int
    let isSmall: Bool
    let priority: JobPriority
    /// Decides the pixels of its images.
    let seed: UInt64
    /// When it was sent first; it is made later if the database was away.
    let sentAt: Microseconds
}

/// The jobs that come to a cell: independently of each other, more by day than by night.
struct Arrivals {
    private let curve: DayCurve
    private let sizes: JobSizes
    private let smallShare: Double
    private let limits: [Int]
    /// The jobs a second of each tenant and all before it, at the mean of the curve.
    private var sums: [Double] = []
    private var random: SeededRandom

    /// No job has more than a quarter of its tenant's day.
    init(
        loads: [Double],
        sizes: JobSizes,
        mix: PhotoMix,
        curve: DayCurve,
        random: SeededRandom
    ) {
        self.curve = curve
        self.sizes = sizes
        self.random = random
        smallShare = mix.smallShare
        limits = loads.map { max(Int($0 / 4), 1) }
        var sum = 0.0
        var means: [Int: Double] = [:]
        let largest = sizes.parts.map(\.sizes.upperBound).max() ?? 1
        for (load, limit) in zip(loads, limits) {
            let limit = min(limit, Int(largest))
            let mean = means[limit] ?? sizes.mean(limit: limit)
            means[limit] = mean
            sum += load / mean / Microseconds.day.inSeconds
            sums.append(sum)
        }
    }

    /// The next job after a moment; `nil` if there are no tenants.
    mutating func next(after time: Microseconds) -> SentJob? {
        guard let total = sums.last, total > 0 else { return nil }
        // A steady stream at the rate of the peak, of which the curve lets through its part.
        var moment = time
        repeat {
            moment += max(random.pause(rate: total * curve.peak), 1)
        } while random.unit() * curve.peak >= curve.value(at: moment)
        let tenant = place(of: random.unit() * total)
        return SentJob(
            tenant: tenant,
            images: sizes.draw(limit: limits[tenant], from: &random),
            isSmall: random.unit() < smallShare,
            priority: priority(),
            seed: random.bits(),
            sentAt: moment
        )
    }

    /// The share of the jobs that have a priority.
    static func share(of priority: JobPriority) -> Double {
        switch priority {
        case .high, .low: 0.05
        case .normal: 0.90
        }
    }

    private mutating func priority() -> JobPriority {
        let number = random.unit()
        let (high, low) = (Self.share(of: .high), Self.share(of: .low))
        return number < high ? .high : number < high + low ? .low : .normal
    }

    private func place(of value: Double) -> Int {
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
