import Queue

/// The time that rows are written with: it runs on a clock that nobody can set, and follows the
/// wall clock with a delay.
///
/// A wall clock that is set and soon set back changes nothing. One that keeps its new setting is
/// followed, and all times that count down move with it. No result is therefore erased early or
/// kept late.
///
/// If the clock was set while the machine was off, nobody knows how long it was off. A boot at an
/// earlier calendar time than before counts as no time. A boot at a later time counts as the full
/// difference, but nothing is erased for ``doubtPeriod``, during which a clock that booted wrong is
/// usually corrected.
struct TimeLine: Sendable, Equatable {
    /// The time for which the machine was off, according to its calendar.
    struct Gap: Sendable, Equatable {
        var began: Int64
        var ended: Int64
        /// The uptime until which the gap is in doubt.
        var open: Int64
    }

    /// A step of the calendar to follow.
    struct Step: Sendable, Equatable {
        /// The movement of times written since the boot.
        var new: Int64
        /// The movement of times written before the boot.
        var old: Int64
        /// The first time that counts as written since the boot; the minimum if nothing is in
        /// doubt.
        var began: Int64
    }

    /// The deviation above which the wall clock counts as set, in milliseconds.
    static let tolerance: Int64 = 2000
    /// How long a wall clock must keep its new setting before it is followed, in milliseconds.
    static let confirmationPeriod: Int64 = 60_000
    /// How long after a boot nothing is erased, in milliseconds.
    static let doubtPeriod: Int64 = 600_000

    /// The time minus the uptime.
    private(set) var offset: Int64
    private(set) var gap: Gap?
    /// The deviating offset at which the wall clock was last seen, and the uptime of its first
    /// sighting.
    private var candidate: (offset: Int64, since: Int64)?

    /// Continues a line, or starts one at the wall clock's time.
    init(offset: Int64, gap: Gap? = nil) {
        self.offset = offset
        self.gap = gap
    }

    /// Returns the time at an uptime.
    func time(at uptime: Int64) -> Int64 { uptime + offset }

    /// Whether nothing may be erased yet, because the time for which the machine was off is in
    /// doubt.
    func isInDoubt(at uptime: Int64) -> Bool { gap.map { uptime < $0.open } ?? false }

    /// Reads the wall clock.
    ///
    /// - Returns: The step to follow, once the wall clock has kept its new setting. Move the rows,
    ///   then call ``follow(_:)``.
    mutating func observe(wall: Int64, uptime: Int64) -> Step? {
        if let gap, uptime >= gap.open { self.gap = nil }
        let seen = wall - uptime
        guard abs(seen - offset) > Self.tolerance else {
            candidate = nil
            return nil
        }
        guard let earlier = candidate, abs(earlier.offset - seen) <= Self.tolerance else {
            candidate = (seen, uptime)
            return nil
        }
        return uptime - earlier.since >= Self.confirmationPeriod ? step(by: seen - offset) : nil
    }

    /// Splits a step of the calendar between rows from before and since the boot.
    private func step(by difference: Int64) -> Step {
        guard let gap else { return Step(new: difference, old: difference, began: .min) }
        // A step back first takes back the time for which the machine was thought to be off.
        let old = difference < 0 ? min(0, gap.ended - gap.began + difference) : difference
        return Step(new: difference, old: old, began: gap.ended)
    }

    /// Moves the line by a step.
    mutating func follow(_ step: Step) {
        offset += step.new
        candidate = nil
        gap?.began += step.old
        gap?.ended += step.new
    }

    static func == (left: TimeLine, right: TimeLine) -> Bool {
        left.offset == right.offset && left.gap == right.gap
            && left.candidate?.offset == right.candidate?.offset
            && left.candidate?.since == right.candidate?.since
    }
}
