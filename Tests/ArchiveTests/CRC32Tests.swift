import Testing

@testable import Archive

@Suite("CRC-32")
struct CRC32Tests {
    @Test("The check value of the catalogue, whole and in parts")
    func checkValue() {
        let bytes = Array("123456789".utf8)
        #expect(CRC32.checksum(bytes) == 0xCBF4_3926)
        for split in 0...bytes.count {
            let first = CRC32.update(0, Array(bytes.prefix(split)))
            #expect(CRC32.update(first, Array(bytes.dropFirst(split))) == 0xCBF4_3926)
        }
    }

    @Test("No bytes change nothing")
    func empty() {
        #expect(CRC32.checksum([]) == 0)
        #expect(CRC32.update(0xCBF4_3926, []) == 0xCBF4_3926)
    }
}
