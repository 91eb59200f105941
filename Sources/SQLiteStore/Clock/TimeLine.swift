import Queue

/// The time that rows are written with: it goes with a clock that nobody can set, and follows the
/// wall clock with patience.
///
/// A wall clock that is set and soon set back has changed nothing. One that stays where it was set
/// is followed, and whatever counts down is moved with it, so that no result is erased early or
/// kept late because of it.
///
/// What cannot be known is how long a machine was off whose clock was set meanwhile. A start after
/// which the calendar stands earlier than before counts as no time at all. One after which it
/// stands later counts as that much time; but nothing is erased for ``gapPatience``, in which a
/// clock that was started wrong is usually put right.
struct TimeLine: Sendable, Equatable {
    /// From when to when the machine was off, as far as its calendar can be believed.
    struct Gap: Sendable, Equatable {
        var began: Int64
        var ended: Int64
        /// Until when, in uptime, nobody relies on it.
        var open: Int64
    }

    /// A step of the calendar that is to be followed.
    struct Step: Sendable, Equatable {
        /// By how much what was written since the machine's start is moved.
        var new: Int64
        /// By how much what was written before it is moved.
        var old: Int64
        /// Where the times begin that were written since; everything, if nothing is in doubt.
        var began: Int64
    }

    /// How far the wall clock may be off before it counts as set, in milliseconds.
    static let tolerance: Int64 = 2000
    /// How long a wall clock must have stayed where it was set, in milliseconds.
    static let patience: Int64 = 60_000
    /// How long after a start of the machine nothing is erased, in milliseconds.
    static let gapPatience: Int64 = 600_000

    /// The time less the uptime.
    private(set) var offset: Int64
    private(set) var gap: Gap?
    /// Where the wall clock was seen instead, and since which uptime.
    private var candidate: (offset: Int64, since: Int64)?

    /// Continues a line, or begins one at the wall clock's time.
    init(offset: Int64, gap: Gap? = nil) {
        self.offset = offset
        self.gap = gap
    }

    /// The time at an uptime.
    func time(at uptime: Int64) -> Int64 { uptime + offset }

    /// Whether nothing may be erased yet, since the time that has passed while the machine was off
    /// is in doubt.
    func isInDoubt(at uptime: Int64) -> Bool { gap.map { uptime < $0.open } ?? false }

    /// Looks at the wall clock.
    ///
    /// - Returns: The step to follow, once the wall clock has stayed where it was set; then move
    ///   the rows, and ``follow(_:)``.
    mutating func look(wall: Int64, uptime: Int64) -> Step? {
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
        return uptime - earlier.since >= Self.patience ? step(by: seen - offset) : nil
    }

    /// What a step of the calendar means for rows from before and after the machine's start.
    private func step(by difference: Int64) -> Step {
        guard let gap else { return Step(new: difference, old: difference, began: .min) }
        // Set back, the calendar first takes back the time that the machine was said to be off.
        let old = difference < 0 ? min(0, gap.ended - gap.began + difference) : difference
        return Step(new: difference, old: old, began: gap.ended)
    }

    /// Goes on after a step.
    mutating func follow(_ step: Step) {
        offset += step.new
        candidate = nil
        gap?.began += step.old
        gap?.ended += step.new
    }

    static func == (left: TimeLine, right: TimeLine) -> Bool {
        left.offset == right.offset && left.gap == right.gap && left.candidate?.offset == right.candidate?.offset
            && left.candidate?.since == right.candidate?.since
    }
}
