import Testing

@testable import Imaging

@Suite("EXIF orientation")
struct OrientationTests {
    /// Builds a TIFF structure with one directory entry, in either byte order.
    private func tiff(
        bigEndian: Bool = false,
        magic: Int = 42,
        directory: Int = 8,
        tag: Int = 0x0112,
        type: Int = 3,
        count: Int = 1,
        value: Int = 6
    ) -> [UInt8] {
        func number(_ value: Int, _ length: Int) -> [UInt8] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            return bigEndian ? bytes.reversed() : bytes
        }
        let head =
            Array((bigEndian ? "MM" : "II").utf8) + number(magic, 2) + number(directory, 4)
            + number(1, 2)
        return head + number(tag, 2) + number(type, 2) + number(count, 4) + number(value, 2)
            + number(0, 2)
            + number(0, 4)
    }

    @Test("Both byte orders are read", arguments: [false, true])
    func byteOrders(bigEndian: Bool) {
        for value in 1...8 {
            #expect(Orientation(exif: tiff(bigEndian: bigEndian, value: value)).rawValue == value)
        }
    }

    @Test("What is not understood leaves the picture as it is stored")
    func malformed() {
        let cases: [[UInt8]] = [
            [], Array("II".utf8), Array("XX*\0\u{8}\0\0\0".utf8),
            tiff(magic: 43), tiff(directory: 0xFFFF_FFFF), tiff(directory: 25), tiff(directory: 0),
            tiff(tag: 0x0113),
            tiff(type: 4), tiff(count: 2), tiff(count: 0), tiff(value: 0), tiff(value: 9),
            tiff(value: 0xFFFF),
        ]
        for bytes in cases { #expect(Orientation(exif: bytes) == .asStored) }
    }

    @Test("EXIF cut anywhere before the value is read as none")
    func truncations() {
        let whole = tiff()
        // The value ends at 20; the padding and the link to the next directory follow.
        for count in 0...whole.count {
            #expect(
                Orientation(exif: Array(whole.prefix(count)))
                    == (count < 20 ? .asStored : .rotate90Clockwise)
            )
        }
    }
}
