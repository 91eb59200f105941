import Queue
import StoreHarness
import Testing

@testable import SQLStore
@testable import SQLiteStore

@Suite struct TimeLineTests {
    private static let year: Int64 = 365 * 24 * 3_600_000
    private static let day: Int64 = 24 * 3_600_000
    /// The machine was started at 1,000,000 on the calendar; its uptime is what is told.
    private static let start: Int64 = 1_000_000

    /// Looks every half minute from an uptime to another, at a wall clock that is so far off.
    private func look(
        _ line: inout TimeLine,
        from: Int64,
        through: Int64,
        off: Int64
    ) -> [TimeLine.Step] {
        stride(from: from, through: through, by: 30_000).compactMap { uptime in
            let step = line.observe(wall: Self.start + uptime + off, uptime: uptime)
            if let step { line.follow(step) }
            return step
        }
    }

    @Test(arguments: [year, -year, 10 * year, 3_600_000, 2_001])
    func `A jump that is taken back within a minute was never there`(off: Int64) {
        var line = TimeLine(offset: Self.start)
        #expect(look(&line, from: 0, through: 300_000, off: 0).isEmpty)
        #expect(look(&line, from: 330_000, through: 360_000, off: off).isEmpty)
        #expect(line.time(at: 360_000) == Self.start + 360_000)
        #expect(look(&line, from: 390_000, through: 900_000, off: 0).isEmpty)
        #expect(line.time(at: 900_000) == Self.start + 900_000)
    }

    @Test(arguments: [year, -year, 10 * year, 3_600_000, -2_001])
    func `A clock that stays where it was set is followed once, and everything with it`(off: Int64)
    {
        var line = TimeLine(offset: Self.start)
        let steps = look(&line, from: 0, through: 600_000, off: off)
        #expect(steps == [TimeLine.Step(new: off, old: off, began: .min)])
        #expect(line.time(at: 600_000) == Self.start + 600_000 + off)
        // And back, as far.
        #expect(look(&line, from: 630_000, through: 900_000, off: 0).map(\.new) == [-off])
        #expect(line.time(at: 900_000) == Self.start + 900_000)
    }

    @Test func `A clock that is set again and again is not followed before it stays`() {
        var line = TimeLine(offset: Self.start)
        for number in Int64(1)...20 {
            #expect(
                look(
                    &line,
                    from: number * 60_000,
                    through: number * 60_000 + 30_000,
                    off: number * Self.day
                ).isEmpty
            )
        }
        #expect(
            look(&line, from: 1_300_000, through: 1_500_000, off: Self.day).map(\.new) == [Self.day]
        )
    }

    @Test func `A clock that goes a little wrong is let be`() {
        var line = TimeLine(offset: Self.start)
        #expect(look(&line, from: 0, through: 600_000, off: 2_000).isEmpty)
        #expect(look(&line, from: 630_000, through: 900_000, off: -2_000).isEmpty)
    }

    @Test
    func
        `A start with a calendar ten years ahead, put right after minutes, makes nothing old that was not`()
    {
        let gap = TimeLine.Gap(began: Self.start, ended: Self.start + 10 * Self.year, open: 600_000)
        var line = TimeLine(offset: Self.start + 10 * Self.year, gap: gap)
        #expect(line.isInDoubt(at: 599_999) && !line.isInDoubt(at: 600_000))
        // It was off for an hour in truth.
        let hour: Int64 = 3_600_000
        let steps = look(&line, from: 120_000, through: 300_000, off: hour)
        #expect(
            steps == [
                TimeLine.Step(
                    new: hour - 10 * Self.year,
                    old: 0,
                    began: Self.start + 10 * Self.year
                )
            ]
        )
        #expect(
            line.gap == TimeLine.Gap(began: Self.start, ended: Self.start + hour, open: 600_000)
        )
    }

    @Test
    func `Put right to before the machine was stopped, the time that it was off counts as none`() {
        let gap = TimeLine.Gap(began: Self.start, ended: Self.start + 10 * Self.year, open: 600_000)
        var line = TimeLine(offset: Self.start + 10 * Self.year, gap: gap)
        let steps = look(&line, from: 120_000, through: 300_000, off: -Self.day)
        #expect(steps.map(\.new) == [-10 * Self.year - Self.day])
        #expect(steps.map(\.old) == [-Self.day])
        #expect(line.gap?.began == line.gap?.ended)
    }

    @Test func `What nobody has put right for ten minutes is believed`() {
        let gap = TimeLine.Gap(began: Self.start - Self.year, ended: Self.start, open: 600_000)
        var line = TimeLine(offset: Self.start, gap: gap)
        #expect(look(&line, from: 0, through: 600_000, off: 0).isEmpty)
        #expect(line.gap == nil)
        // From now on a step moves all alike.
        #expect(
            look(&line, from: 630_000, through: 900_000, off: -Self.day).map(\.old) == [-Self.day]
        )
    }
}
