import Foundation
import Testing
import WireHarness

@Suite("Properties that hold for any bytes") struct PropertyTests {
    @Test("Seeds of the fuzzer, and what it has found so far")
    func replay() throws {
        let folder = try #require(Bundle.module.url(forResource: "FuzzInputs", withExtension: nil))
        let files = try FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        #expect(files.count >= 12)
        for file in files {
            #expect(
                WireProperties.violation(of: Array(try Data(contentsOf: file))) == nil,
                "\(file.lastPathComponent)"
            )
        }
    }

    @Test("Seeds with bytes changed, left out, repeated and exchanged")
    func mutations() throws {
        let folder = try #require(Bundle.module.url(forResource: "FuzzInputs", withExtension: nil))
        let seeds = try FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        .sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
        var random = SplitMix(state: 5)
        for _ in 0..<4000 {
            var input = seeds[random.below(seeds.count)]
            for _ in 0...random.below(4) where input.count > 3 {
                let place = 2 + random.below(input.count - 2)
                switch random.below(5) {
                case 0: input[place] = UInt8(random.below(256))
                case 1: input.remove(at: place)
                case 2:
                    input.insert(
                        contentsOf: input[place...].prefix(1 + random.below(12)),
                        at: place
                    )
                case 3: input.insert(Array("\r\n :;,=\"%\0-".utf8)[random.below(11)], at: place)
                default: input.swapAt(place, 2 + random.below(input.count - 2))
                }
            }
            input[1] = UInt8(random.below(256))
            #expect(WireProperties.violation(of: input) == nil, "\(input)")
        }
    }

    private struct SplitMix {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Int((z ^ (z >> 31)) % UInt64(bound))
        }
    }
}
