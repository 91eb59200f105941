import Foundation
import Testing

@testable import Telemetry

@Suite struct ProcessStatisticsTests {
    @Test func `The fields are those of proc(5), whatever the process is called`() throws {
        let status =
            "123 (a) b (c)) S 1 123 123 0 -1 4194304 99 0 0 0 250 50 7 8 20 0 9 0 1000 2097152 300 18446744073709551615 1 1"
        let statistics = try #require(
            ProcessStatistics(
                status: status,
                boot: "cpu 1 2 3\nbtime 1700000000\nprocesses 5\n",
                ticksPerSecond: 100,
                pageBytes: 4096,
                openDescriptors: 12,
                maxDescriptors: 1024
            )
        )
        #expect(statistics.cpuSeconds == 3)
        #expect(statistics.threads == 9)
        #expect(statistics.startSeconds == 1_700_000_010)
        #expect(statistics.virtualBytes == 2_097_152)
        #expect(statistics.residentBytes == 300 * 4096)
    }

    @Test(arguments: ["", "1 x S", "1 (x) S 1 2 3", "1 (x)"])
    func `What is no such file is not taken for one`(status: String) {
        let statistics = ProcessStatistics(
            status: status,
            boot: "btime 1\n",
            ticksPerSecond: 100,
            pageBytes: 4096,
            openDescriptors: 1,
            maxDescriptors: 1
        )
        #expect(statistics == nil)
    }

    @Test func `This process has memory, threads and descriptors, and began before now`() throws {
        let statistics = try #require(ProcessStatistics.current())
        #expect(
            statistics.residentBytes > 1 << 20 && statistics.virtualBytes > statistics.residentBytes
        )
        #expect(statistics.threads > 0)
        #expect((3...Int(statistics.maxDescriptors)).contains(statistics.openDescriptors))
        let age = Date().timeIntervalSince1970 - statistics.startSeconds
        #expect(age > -2 && age < 24 * 3600)
    }
}
