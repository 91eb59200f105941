/// Measures a cell second by second.
struct Measures {
    private let outage: Range<Microseconds>?
    private let peakHour: Range<Microseconds>
    private let window: Range<Microseconds>
    private var outageBegan: Microseconds?
    private var backlogGone: Microseconds?
    private var came = 0
    private var second = [Int](repeating: 0, count: QueryKind.allCases.count)
    private var queries = [Int](repeating: 0, count: QueryKind.allCases.count)
    private var usualPeaks = [Int](repeating: 0, count: QueryKind.allCases.count)
    private var usualPeak = 0
    private var peak = 0
    private var herd: [Int] = []
    private var longestQueue = 0
    private var longestHerdQueue = 0
    private var codecSeconds = 0.0
    private var databaseSpan: Microseconds = 0
    private var images = 0
    private var claims = 0
    private var finishes = 0
    private var peakQueries = 0
    private var backlogSum = 0.0
    private var backlogSamples = 0
    private var largestBacklog = 0

    init(_ plan: CellPlan) {
        let hasOutage = (plan.outage?.span ?? 0) > 0
        outage = plan.outage.flatMap { hasOutage ? $0.from..<$0.from + $0.span : nil }
        let top = plan.outage?.from ?? plan.curve.peakAt
        peakHour = top - .hour..<top
        window = top - .seconds(600)..<top
    }

    /// A query came to the database, where so many wait now.
    mutating func came(waiting: Int) {
        came += 1
        if isUsual {
            longestQueue = max(longestQueue, waiting)
        } else {
            longestHerdQueue = max(longestHerdQueue, waiting)
        }
    }

    /// Whether neither the outage nor its backlog lasts.
    private var isUsual: Bool { outageBegan == nil || backlogGone != nil }

    /// The database works on a query; `images` is how many a claim brought.
    mutating func asked(_ kind: QueryKind, _ now: Microseconds, images: Int = 0) {
        second[kind.rawValue] += 1
        guard peakHour.contains(now) else { return }
        peakQueries += 1
        if kind == .finish { finishes += 1 }
        if kind == .claim {
            claims += 1
            self.images += images
        }
    }

    /// The database worked for a span.
    mutating func databaseWorked(_ now: Microseconds, _ span: Microseconds) {
        if peakHour.contains(now) { databaseSpan += span }
    }

    /// A codec began to work for so long.
    mutating func codecWorked(_ now: Microseconds, _ seconds: Double) {
        if peakHour.contains(now) { codecSeconds += seconds }
    }

    mutating func outageBegan(_ now: Microseconds) {
        outageBegan = now
    }

    /// Whether an image waited during the outage or before its backlog was gone.
    func isOfOutage(sentAt: Microseconds, claimedAt: Microseconds) -> Bool {
        guard let outageBegan, claimedAt >= outageBegan else { return false }
        return backlogGone.map { sentAt <= $0 } ?? true
    }

    /// A second is over.
    mutating func second(_ now: Microseconds, queued: Int, away: Int) {
        let total = second.reduce(0, +)
        let isUsual = isUsual
        let came = came
        self.came = 0
        peak = max(peak, total)
        for kind in second.indices {
            queries[kind] += second[kind]
            if isUsual { usualPeaks[kind] = max(usualPeaks[kind], second[kind]) }
            second[kind] = 0
        }
        if isUsual { usualPeak = max(usualPeak, total) }
        if window.contains(now) {
            backlogSum += Double(queued)
            backlogSamples += 1
        }
        guard let outage, now > outage.lowerBound, backlogGone == nil else { return }
        largestBacklog = max(largestBacklog, queued)
        guard now > outage.upperBound else { return }
        if herd.count < 10 { herd.append(came) }
        if away == 0, Double(queued) <= max(usualBacklog, 1) { backlogGone = now }
    }

    private var usualBacklog: Double {
        backlogSamples > 0 ? backlogSum / Double(backlogSamples) : 0
    }

    /// Writes the measures into a report.
    func complete(_ report: inout CellReport) {
        report.queries = queries
        report.usualPeaks = usualPeaks
        report.usualPeak = usualPeak
        report.peak = peak
        report.herd = herd
        report.longestQueue = longestQueue
        report.longestHerdQueue = longestHerdQueue
        report.codecSecondsBeforePeak = codecSeconds
        report.databaseSecondsBeforePeak = databaseSpan.inSeconds
        report.imagesBeforePeak = images
        report.claimsBeforePeak = claims
        report.finishesBeforePeak = finishes
        report.queriesBeforePeak = peakQueries
        report.usualBacklog = usualBacklog
        report.largestBacklog = largestBacklog
        if let outage { report.backlogGoneAfter = backlogGone.map { $0 - outage.upperBound } }
    }
}
