/// Finds the largest size that the properties of a HEIC's or AVIF's items state (ISO/IEC 23008-12, 6.5.3), as its bytes come in.
///
/// The whole picture is the largest of them; tiles, thumbnails and layers of alpha are not larger. It keeps the head of one box at most.
struct HEIFSizeReader {
    private enum State {
        /// Reads the length and the type of a box.
        case head
        /// Reads the length of 64 bits that stands behind the head of a long box.
        case longHead
        /// Passes over bytes, then reads the next head.
        case skip(Int)
        /// Reads a size: version, flags, width and height.
        case size
        case end
    }

    private var state = State.head
    private var field: [UInt8] = []
    /// How many bytes of the properties have not come; `nil` outside of them.
    private var propertiesLeft: Int?
    private var largest: (width: Int, height: Int)?

    /// The size, once all properties have been seen.
    private(set) var size: (width: Int, height: Int)?

    /// Whether further bytes change nothing.
    var isFinished: Bool {
        if case .end = state { true } else { false }
    }

    /// Takes the next bytes of the file, from its first on.
    mutating func receive(_ bytes: inout ArraySlice<UInt8>) {
        while !bytes.isEmpty, !isFinished { step(&bytes) }
    }

    private mutating func step(_ bytes: inout ArraySlice<UInt8>) {
        switch state {
        case .head:
            guard take(8, from: &bytes) else { return }
            if number(0..<4) == 1 {
                state = .longHead
            } else {
                enter(length: number(0..<4), headCount: 8)
            }
        case .longHead:
            guard take(16, from: &bytes) else { return }
            // More than 2⁶³ bytes never come.
            guard field[8] < 0x80 else { return end() }
            enter(length: number(8..<16), headCount: 16)
        case .skip(let left):
            let count = min(left, bytes.count)
            bytes = bytes.dropFirst(count)
            state = count < left ? .skip(left - count) : .head
            pass(count)
        case .size:
            guard take(12, from: &bytes) else { return }
            let (width, height) = (number(4..<8), number(8..<12))
            if Self.isLarger((width, height), than: largest) { largest = (width, height) }
            finishField()
        case .end: break
        }
    }

    /// Goes into a box, or passes over it.
    private mutating func enter(length: Int, headCount: Int) {
        let type = String(decoding: field[4..<8], as: UTF8.self)
        let count = length - headCount
        finishField()
        guard !isFinished else { return }
        // A length of 0 reaches to the end of the file.
        guard count >= 0 || length == 0 else { return end() }
        // A property that reaches beyond the properties makes nonsense of them.
        if let left = propertiesLeft, count > left { return end() }
        switch type {
        case "meta" where propertiesLeft == nil: state = .skip(4)
        case "iprp" where propertiesLeft == nil: state = .head
        case "ipco" where propertiesLeft == nil:
            guard count > 0 else { return end() }
            propertiesLeft = count
        case "ispe" where propertiesLeft != nil && count == 12: state = .size
        default:
            guard length > 0 else { return end() }
            state = .skip(count)
        }
    }

    /// Moves bytes into the field until it has so many.
    private mutating func take(_ count: Int, from bytes: inout ArraySlice<UInt8>) -> Bool {
        let more = bytes.prefix(count - field.count)
        field += more
        bytes = bytes.dropFirst(more.count)
        return field.count == count
    }

    private mutating func finishField() {
        let count = field.count
        field = []
        state = .head
        pass(count)
    }

    /// Counts bytes off the properties.
    private mutating func pass(_ count: Int) {
        guard let left = propertiesLeft else { return }
        propertiesLeft = left - count
        guard left <= count else { return }
        if left == count { size = largest }
        end()
    }

    private mutating func end() {
        state = .end
        field = []
    }

    private static func isLarger(_ size: (width: Int, height: Int), than other: (width: Int, height: Int)?) -> Bool {
        guard let other else { return true }
        // Sides of 32 bits.
        return UInt64(size.width) * UInt64(size.height) > UInt64(other.width) * UInt64(other.height)
    }

    private func number(_ range: Range<Int>) -> Int {
        field[range].reduce(0) { $0 << 8 | Int($1) }
    }
}
