/// Whose images wait.
package enum WaitGroup: Int, Sendable, CaseIterable {
    /// Jobs of one image from small tenants that had nothing else queued or running.
    case smallSingle
    /// All jobs of small tenants.
    case small
    /// All jobs of medium tenants.
    case medium
    /// All jobs of large tenants.
    case large
}

/// What happened in a cell.
package struct CellReport: Sendable, Equatable {
    /// How many images came.
    package var arrived = 0
    /// How many were protected.
    package var done = 0
    /// How many failed by machines that failed again and again.
    package var failed = 0
    /// How many were set aside because codecs died on them.
    package var quarantinedByCodecs = 0
    /// How many were set aside although no codec died on them.
    package var quarantinedOtherwise = 0
    /// How many have not ended.
    package var unfinished = 0
    /// How many jobs came.
    package var jobs = 0

    /// How many images were claimed, more than once if they came back.
    package var claims = 0
    /// How many claims of machines that died were taken back.
    package var lapsedOfDead = 0
    /// How many claims of machines that live were taken back.
    package var lapsedOfLiving = 0
    /// How many results were thrown away because the image had been taken back.
    package var resultsLost = 0
    /// How many results were given up because the database did not take them.
    package var resultsDropped = 0
    /// How many machines died.
    package var deaths = 0

    /// From the first try to send an image to the claim that ended it: of those that neither
    /// waited during the outage nor before its backlog was gone.
    package var usualWaits = WaitGroup.allCases.map { _ in WaitHistogram() }
    /// The same, of all others.
    package var outageWaits = WaitGroup.allCases.map { _ in WaitHistogram() }

    /// The queries of each kind that the database worked on.
    package var queries = [Int](repeating: 0, count: QueryKind.allCases.count)
    /// The most of each kind in a second, outside of the outage and its backlog.
    package var usualPeaks = [Int](repeating: 0, count: QueryKind.allCases.count)
    /// The most of all kinds in a second, outside of the outage and its backlog.
    package var usualPeak = 0
    /// The most of all kinds in a second, at any time.
    package var peak = 0
    /// The queries that came in each of the first ten seconds after the outage.
    package var herd: [Int] = []
    /// The most queries that waited at once, outside of the outage and its backlog.
    package var longestQueue = 0
    /// The most queries that waited at once after the outage.
    package var longestHerdQueue = 0
    /// How many queries found the database away.
    package var refused = 0

    /// The seconds that codecs worked in the hour before the peak.
    package var codecSecondsBeforePeak = 0.0
    /// The seconds that the database worked in the hour before the peak.
    package var databaseSecondsBeforePeak = 0.0
    /// The images that were claimed in the hour before the peak.
    package var imagesBeforePeak = 0
    /// The claims that brought images in the hour before the peak.
    package var claimsBeforePeak = 0
    /// The finishes in the hour before the peak.
    package var finishesBeforePeak = 0
    /// All queries of the hour before the peak.
    package var queriesBeforePeak = 0
    /// The seconds until all had ended.
    package var seconds = 0.0
    /// The images that could be claimed, on average over ten minutes before the outage.
    package var usualBacklog = 0.0
    /// The most images that could be claimed after the outage began.
    package var largestBacklog = 0
    /// The time from the outage's end until no more images waited than usual.
    package var backlogGoneAfter: Microseconds?
    /// How many events the simulation had.
    package var events = 0

    /// Nothing has happened yet.
    package init() {}
}
