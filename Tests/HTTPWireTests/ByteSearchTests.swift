import Testing

@testable import HTTPWire

@Suite("Searching bytes") struct ByteSearchTests {
    @Test("The first occurrence is found wherever it is, and near misses are none")
    func offsets() {
        // Bytes that differ from the wanted one by one bit, or by 1, expose a wrong carry trick.
        for filler: UInt8 in [0x00, 0x0B, 0x09, 0x8A, 0xFF] {
            for length in 0..<40 {
                for start in 0...length {
                    var bytes = [UInt8](repeating: filler, count: length)
                    #expect(bytes.withUnsafeBytes { $0.firstOffset(of: 0x0A, from: start) } == nil)
                    guard start < length else { continue }
                    for position in start..<length {
                        bytes[position] = position % 3 == 0 ? 0x0A : filler
                    }
                    let expected = bytes[start...].firstIndex(of: 0x0A)
                    #expect(
                        bytes.withUnsafeBytes { $0.firstOffset(of: 0x0A, from: start) } == expected
                    )
                }
            }
        }
    }
}
