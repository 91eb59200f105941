import Testing

@testable import QueueSimulation

@Suite struct PartTests {
    @Test func `Events come by time, and those of one moment in the order of their addition`() {
        var heap = EventHeap<Int>()
        var random = SeededRandom(seed: 5)
        let times = (0..<2000).map { _ in Microseconds(random.unit() * 50) }
        for (number, time) in times.enumerated() { heap.add(number, at: time) }
        var found: [Int] = []
        while let next = heap.next() { found.append(next.event) }
        let wanted = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        #expect(found == wanted)
    }

    @Test func `A histogram's quantiles are within a sixty-fourth`() {
        var histogram = WaitHistogram()
        var random = SeededRandom(seed: 6)
        var waits = (0..<10_000).map { _ in
            Microseconds(random.unit() * random.unit() * random.unit() * 1e9)
        }
        for wait in waits { histogram.add(wait) }
        waits.sort()
        for share in [0.01, 0.5, 0.99, 1] {
            let exact = Double(waits[Int((share * 10_000).rounded(.up)) - 1])
            let found = Double(histogram.quantile(share))
            #expect(found >= exact && found <= exact * (1 + 1.0 / 64) + 1)
        }
        #expect(histogram.longest == waits.last && histogram.count == 10_000)
        var twice = histogram
        twice.merge(histogram)
        #expect(twice.count == 20_000 && twice.quantile(0.5) == histogram.quantile(0.5))
    }

    @Test func `Figures are written with commas and the digits asked for`() {
        #expect(Figure.fixed(1_234_567.05, 1) == "1,234,567.1" && Figure.fixed(0.996, 2) == "1.00")
        #expect(Figure.fixed(-0.04, 1) == "0.0" && Figure.fixed(12.5, 0) == "13")
        #expect(Figure.three(0.0042) == "0.004" && Figure.three(118.4) == "118")
        #expect(Figure.table(["a", "b"], [["1", "2"]]) == "| a | b |\n|---|---|\n| 1 | 2 |")
    }

    @Test func `The estimate's bill follows from bytes, requests and prices`() {
        let list = PriceList.all[0]
        let bill = list.bill(stored: 1e12, writes: 1e6, reads: 1e6, output: 1e15)
        #expect(zip(bill, [15, 4.5, 0.36, 0]).allSatisfy { abs($0 - $1) < 1e-9 })
    }
}
