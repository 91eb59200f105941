import ArgumentParser
import CBenchmark
import Imaging

/// Measures the machine's register multiply-add throughput.
struct PeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak",
        abstract: "Multiply-adds of floats in registers on one thread, in GFLOP/s, best of five."
    )

    func run() throws {
        var peaks: [String: Double] = [:]
        for set in InstructionSet.allCases where set.isSupported {
            let lanes: Int32 =
                switch set {
                case .avx512: 16
                case .avx2: 8
                case .portable: 4
                }
            let rounds: UInt64 = 4_000_000
            let times = Stopwatch.milliseconds(repetitions: 5) {
                _ = plm_multiply_add(lanes, rounds)
            }
            peaks[set.rawValue] =
                Double(rounds * 32 * UInt64(lanes)) / (times.min() ?? .infinity) * 1e-6
        }
        try JSONOutput.print(peaks)
    }
}
