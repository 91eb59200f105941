/// Finds the width and the height in the header of a JPEG, PNG, WebP, HEIC or AVIF as its bytes
/// arrive.
///
/// It serves to estimate the work that a picture will cause. It decodes nothing, keeps only a few
/// bytes, and guarantees nothing about the rest of the file. The header is untrusted input.
public struct ImageHeaderReader: Sendable {
    /// A picture's sides as stated by its header, each at least 1, before any orientation.
    public struct Size: Sendable, Hashable {
        /// Columns; at most 2³¹ − 1.
        public let width: Int
        /// Rows; at most 2³¹ − 1.
        public let height: Int
    }

    private enum State {
        /// Reads the signature.
        case signature
        /// Reads a PNG's first chunk, which must be `IHDR` (W3C PNG, section 11.2.1).
        case png
        /// Reads a WebP's first chunk.
        case webp
        /// Searches the boxes of a HEIC or AVIF.
        case heif(HEIFSizeReader)
        /// Searches for the 0xFF of a JPEG's next marker (ITU-T T.81, section B.1.1.2).
        case markerPrefix
        /// Reads the code after it, or another fill byte.
        case markerCode
        /// Reads the length of a segment with this marker.
        case segmentLength(UInt8)
        /// Skips the rest of a segment.
        case segment(remaining: Int)
        /// Reads precision, height and width of a frame header (section B.2.2).
        case frame
        /// Is done.
        case end
    }

    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    private var state = State.signature
    /// The bytes of the field being read.
    private var field: [UInt8] = []

    /// The size; `nil` until it is known, and permanently if the file does not state it.
    public private(set) var size: Size?

    /// Creates a reader positioned before the first byte of a file.
    public init() {}

    /// Whether further bytes cannot change the result.
    public var isFinished: Bool {
        if case .end = state { true } else { false }
    }

    /// Consumes the next bytes of the file.
    ///
    /// - Parameter bytes: Any number of bytes.
    public mutating func receive(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty, !isFinished { step(&rest) }
    }

    private mutating func step(_ rest: inout ArraySlice<UInt8>) {
        switch state {
        case .signature: readSignature(&rest)
        case .png:
            guard take(16, from: &rest) else { return }
            let isHeader = field[4..<8].elementsEqual("IHDR".utf8)
            end(isHeader ? Self.size(width: number(8..<12), height: number(12..<16)) : nil)
        case .webp:
            guard take(WebPSize.byteCount, from: &rest) else { return }
            end(WebPSize.read(field).flatMap(Self.size(width:height:)))
        case .heif(var reader):
            // Release the reference in `state`, so that the reader is changed in place.
            state = .end
            reader.receive(&rest)
            // This size may still change, but there may be no other.
            size = reader.size.flatMap(Self.size(width:height:))
            if reader.isFinished { end(size) } else { state = .heif(reader) }
        case .markerPrefix:
            guard let place = rest.firstIndex(of: 0xFF) else { return rest = [] }
            rest = rest[rest.index(after: place)...]
            state = .markerCode
        case .markerCode:
            if let code = rest.popFirst() { began(marker: code) }
        case .segmentLength(let code):
            guard take(2, from: &rest) else { return }
            let length = number(0..<2)
            field = []
            // The length includes its own two bytes.
            guard length >= 2 else { return end(nil) }
            state = Self.isFrame(code) ? .frame : .segment(remaining: length - 2)
        case .segment(let remaining):
            let count = min(remaining, rest.count)
            rest = rest.dropFirst(count)
            state = count == remaining ? .markerPrefix : .segment(remaining: remaining - count)
        case .frame:
            guard take(5, from: &rest) else { return }
            // A height of 0 is defined after the first scan, which is not read.
            end(Self.size(width: number(3..<5), height: number(1..<3)))
        case .end: break
        }
    }

    private mutating func readSignature(_ rest: inout ArraySlice<UInt8>) {
        guard let byte = rest.popFirst() else { return }
        field.append(byte)
        if field == [0xFF, 0xD8] {
            field = []
            state = .markerPrefix
        } else if field == Self.pngSignature {
            field = []
            state = .png
        } else if field.elementsEqual("RIFF".utf8) {
            state = .webp
        } else if field.count == 8, Self.mayBeHEIF(field) {
            var reader = HEIFSizeReader()
            var head = field[...]
            field = []
            reader.receive(&head)
            state = .heif(reader)
        } else if !Self.pngSignature.starts(with: field), field != [0xFF],
            !"RIFF".utf8.starts(with: field),
            !Self.mayBeHEIF(field)
        {
            end(nil)
        }
    }

    /// Whether bytes begin a file type box, which is short and comes first in a HEIC.
    private static func mayBeHEIF(_ head: [UInt8]) -> Bool {
        head.prefix(2).allSatisfy { $0 == 0 } && "ftyp".utf8.starts(with: head.dropFirst(4))
    }

    private mutating func began(marker code: UInt8) {
        switch code {
        // Fill bytes may precede a marker.
        case 0xFF: break
        // Stuffed bytes, and markers without a segment: TEM and RST.
        case 0x00, 0x01, 0xD0...0xD7: state = .markerPrefix
        // The start of another picture, the end, or a scan without a preceding frame.
        case 0xD8, 0xD9, 0xDA: end(nil)
        default: state = .segmentLength(code)
        }
    }

    /// Whether a marker is one of SOF₀ to SOF₁₅, excluding the interspersed DHT, JPG and DAC.
    private static func isFrame(_ code: UInt8) -> Bool {
        (0xC0...0xCF).contains(code) && ![0xC4, 0xC8, 0xCC].contains(code)
    }

    /// Moves bytes into the field until it holds `count` bytes.
    private mutating func take(_ count: Int, from rest: inout ArraySlice<UInt8>) -> Bool {
        let more = rest.prefix(count - field.count)
        field += more
        rest = rest.dropFirst(more.count)
        return field.count == count
    }

    /// Reads a part of the field as a big-endian number.
    private func number(_ range: Range<Int>) -> Int {
        field[range].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func size(width: Int, height: Int) -> Size? {
        let sides = 1...Int(Int32.max)
        guard sides.contains(width), sides.contains(height) else { return nil }
        return Size(width: width, height: height)
    }

    private mutating func end(_ size: Size?) {
        self.size = size
        field = []
        state = .end
    }
}
