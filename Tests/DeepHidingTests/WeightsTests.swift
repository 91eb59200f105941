import Imaging
import Methods
import Testing

@testable import DeepHiding

@Suite struct WeightsTests {
    @Test func aSoundFileIsTaken() throws {
        let file = WeightsFile(blocks: 2, growth: 3)
        let weights = try Weights(SafetensorsFile(file.bytes))
        #expect(weights.metadata.blocks == 2)
        #expect(weights.metadata.growth == 3)
    }

    /// One fault a file, and the code that names it.
    @Test(arguments: Fault.all)
    func aFaultyFileIsRefused(fault: Fault) {
        var file = WeightsFile(blocks: 1, growth: 2)
        let bytes = fault.make(&file)
        let error = #expect(throws: WeightsError.self) { try Weights(SafetensorsFile(bytes)) }
        #expect(error?.code == fault.code)
        #expect(error?.detail.isEmpty == false)
    }

    /// Whatever number stands where a length would.
    @Test(arguments: [
        [], Array("palimpsest: no weights at all".utf8), [UInt8](repeating: 0xFF, count: 64),
    ])
    func anotherKindOfFileIsCalledSo(bytes: [UInt8]) {
        let error = #expect(throws: WeightsError.self) { try Weights(SafetensorsFile(bytes)) }
        #expect(error?.detail == "it is not a safetensors weights file")
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: WeightsError.Code
        let make: @Sendable (inout WeightsFile) -> [UInt8]

        init(
            _ name: String,
            _ code: WeightsError.Code,
            _ make: @escaping @Sendable (inout WeightsFile) -> [UInt8]
        ) {
            (testDescription, self.code, self.make) = (name, code, make)
        }

        static func changing(
            _ name: String,
            _ code: WeightsError.Code,
            _ change: @escaping @Sendable (inout WeightsFile) -> Void
        ) -> Fault {
            Fault(name, code) { file in
                change(&file)
                return file.bytes
            }
        }

        static let all: [Fault] = [
            Fault("empty", .truncated) { _ in [] },
            Fault("seven bytes", .truncated) { Array($0.bytes.prefix(7)) },
            Fault("inside the header", .truncated) { Array($0.bytes.prefix(300)) },
            Fault("one byte short", .truncated) { Array($0.bytes.dropLast()) },
            Fault("one byte long", .malformed) { $0.bytes + [0] },
            Fault("a header of 2^64 - 1", .unsupported) { .assemble($0, announcing: .max) },
            Fault("a header of 2^63", .unsupported) { .assemble($0, announcing: 1 << 63) },
            Fault("a header of 1 GiB", .unsupported) { .assemble($0, announcing: 1 << 30) },
            Fault("no header", .malformed) { .assemble($0, announcing: 0) },
            Fault("not JSON", .malformed) {
                WeightsFile.assemble(header: "{nonsense", data: $0.data)
            },
            Fault("an array", .malformed) { WeightsFile.assemble(header: "[1, 2]", data: $0.data) },
            Fault("nested beyond reason", .malformed) {
                let depth = 100_000
                let header =
                    "{\"a\": " + String(repeating: "[", count: depth)
                    + String(repeating: "]", count: depth) + "}"
                return WeightsFile.assemble(header: header, data: $0.data)
            },
            .changing("float64", .unsupported) { $0.tensors[0].dtype = "F64" },
            .changing("overlap", .malformed) { $0.tensors[3].offsets = $0.tensors[1].offsets },
            .changing("a gap", .malformed) { file in
                file.data += [UInt8](repeating: 0, count: 4)
                let last = file.tensors.count - 1
                file.tensors[last].offsets.0 += 4
                file.tensors[last].offsets.1 += 4
            },
            .changing("ends before it begins", .malformed) { $0.tensors[0].offsets = (16, 8) },
            .changing("negative offset", .malformed) { $0.tensors[0].offsets.0 = -8 },
            .changing("beyond the file", .truncated) { $0.tensors[5].offsets.1 = 1 << 40 },
            .changing("beyond all integers", .malformed) {
                $0.tensors[0].shape = [1 << 40, 1 << 40, 3, 3]
            },
            .changing("negative shape", .malformed) { $0.tensors[0].shape = [-2, -12, 3, 3] },
            .changing("zero shape", .malformed) { $0.tensors[0].shape[0] = 0 },
            .changing("many dimensions", .unsupported) {
                $0.tensors[0].shape = [Int](repeating: 1, count: 1000)
            },
            .changing("sides swapped", .mismatched) { $0.tensors[0].shape = [12, 2, 3, 3] },
            .changing("a tensor renamed", .mismatched) {
                $0.tensors[0].name = "blocks.0.phi.conv6.weight"
            },
            .changing("one block more than tensors", .mismatched) { $0.metadata["blocks"] = "2" },
            .changing("another growth than the tensors'", .mismatched) {
                $0.metadata["growth"] = "3"
            },
            .changing("no gain", .unsupported) { $0.metadata["gain"] = "0" },
            .changing("a gain that is no number", .unsupported) { $0.metadata["gain"] = "nan" },
            .changing("semantic images of the future", .unsupported) {
                $0.metadata["semantic_images"] = "4"
            },
            .changing("an unknown mask", .unsupported) { $0.metadata["photo_mask"] = "dark" },
            .changing("no blocks", .unsupported) { $0.metadata["blocks"] = "0" },
            .changing("more blocks than integers", .unsupported) {
                $0.metadata["blocks"] = "99999999999999999999"
            },
            .changing("blocks are no number", .unsupported) { $0.metadata["blocks"] = "two" },
            .changing("growth too large", .unsupported) { $0.metadata["growth"] = "257" },
            .changing("clamp is not a number", .unsupported) { $0.metadata["clamp"] = "nan" },
            .changing("clamp is infinite", .unsupported) { $0.metadata["clamp"] = "inf" },
            .changing("clamp is negative", .unsupported) { $0.metadata["clamp"] = "-2" },
            .changing("another format", .unsupported) { $0.metadata["format"] = "pt" },
            .changing("no metadata", .unsupported) { $0.metadata = [:] },
            .changing("another wavelet", .unsupported) { $0.metadata["wavelet"] = "db2" },
            .changing("a later version", .unsupported) { $0.metadata["format_version"] = "3" },
            Fault("infinite", .notFinite) {
                WeightsFile(blocks: 1, growth: 2) { _, index in index == 5 ? .infinity : 0 }.bytes
                    + $0.data.prefix(0)
            },
            Fault("not a number", .notFinite) {
                WeightsFile(blocks: 1, growth: 2) { _, index in index == 1 ? .nan : 0 }.bytes
                    + $0.data.prefix(0)
            },
        ]
    }

    /// Thousands of broken files: each is refused, or is a network that hides a picture without reading anything else.
    @Test func mutationsNeverReadOutOfBounds() throws {
        let sound = WeightsFile(blocks: 1, growth: 1).bytes
        let headerEnd = sound.count - WeightsFile(blocks: 1, growth: 1).data.count
        let picture = Fixtures.noise(width: 3, height: 2, seed: 9)
        var generator = SplitMix64(state: 0x5EED)
        var refused = 0, taken = 0
        for round in 0..<4000 {
            var bytes = sound
            for _ in 0...Int.random(in: 0..<4, using: &generator) {
                Self.mutate(
                    &bytes,
                    headerEnd: min(headerEnd, bytes.count),
                    round: round,
                    using: &generator
                )
            }
            do {
                let network = try HidingNetwork(weights: bytes)
                taken += 1
                #expect(network.hide(cover: picture, secret: picture).samples.count == 18)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 2000)
        #expect(taken > 50)
    }

    @Test func noTruncationIsTaken() {
        let sound = WeightsFile(blocks: 1, growth: 1).bytes
        var lengths = Array(0..<64)
        lengths += stride(from: 64, to: sound.count, by: 37)
        for length in lengths {
            #expect(throws: WeightsError.self) {
                try Weights(SafetensorsFile(Array(sound.prefix(length))))
            }
        }
    }

    private static func mutate(
        _ bytes: inout [UInt8],
        headerEnd: Int,
        round: Int,
        using generator: inout SplitMix64
    ) {
        guard bytes.count > 16 else { return }
        let inHeader = Bool.random(using: &generator) || round % 3 == 0
        let at = Int.random(
            in: inHeader ? 0..<max(1, headerEnd) : 0..<bytes.count,
            using: &generator
        )
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[at] = .random(in: 0...255, using: &generator)
        case 2: bytes[at] = UInt8(ascii: "0") + .random(in: 0..<10, using: &generator)
        case 3:
            bytes.removeSubrange(
                at..<min(bytes.count, at + Int.random(in: 1..<40, using: &generator))
            )
        case 4: bytes.insert(.random(in: 0...255, using: &generator), at: at)
        case 5: bytes = Array(bytes.prefix(at))
        default:
            let other = Int.random(in: 0..<bytes.count, using: &generator)
            let count = min(16, bytes.count - max(at, other))
            for i in 0..<count { bytes[at + i] = bytes[other + i] }
        }
    }
}

extension [UInt8] {
    /// The file with another length of its header than it has.
    fileprivate static func assemble(_ file: WeightsFile, announcing length: UInt64) -> [UInt8] {
        WeightsFile.assemble(header: file.header, data: file.data, announcing: length)
    }
}
