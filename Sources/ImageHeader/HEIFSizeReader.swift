/// Finds the size that the properties of a HEIC or AVIF state of its picture (ISO/IEC 23008-12, 6.5.3), as its bytes come in.
///
/// The picture is the item that the file names as its primary one. Where the file does not name it before the properties, or says nothing
/// about it, the largest of all sizes counts: tiles, thumbnails and layers of alpha are not larger. It keeps the head of one box, and one
/// size for each property.
struct HEIFSizeReader {
    private enum State {
        /// Reads the length and the type of a box.
        case head
        /// Reads the length of 64 bits that stands behind the head of a long box.
        case longHead
        /// Passes over bytes, then reads the next head.
        case skip(Int)
        /// Reads the number of the primary item: version, flags and the number.
        case primary(Int)
        /// Reads a size: version, flags, width and height.
        case size
        /// Reads what stands before the table of which item has which properties: version, flags and how many items it has.
        case table
        /// Reads an item's number and how many properties it has.
        case item
        /// Reads the places of properties of an item; whether it is the primary one.
        case places(Int, isPrimary: Bool)
        case end
    }

    /// The most sizes that are kept; phones write three or four.
    private static let maxSizes = 4096

    private var state = State.head
    private var field: [UInt8] = []
    /// The number of the primary item.
    private var primary: Int?
    /// How many bytes of the properties have not come; `nil` outside of them.
    private var propertiesLeft: Int?
    /// How many properties began.
    private var propertyCount = 0
    /// The sizes by the places of their properties, from 1.
    private var sizes: [Int: (width: Int, height: Int)] = [:]
    private var largest: (width: Int, height: Int)?
    /// Of the table of which item has which properties: its bytes and items that have not come, and how long its numbers and places are.
    private var tableLeft = 0
    private var itemsLeft = 0
    private var numberLength = 2
    private var placeLength = 1

    /// The size, once all properties have been seen; it may change until the end.
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
            if sizes.count < Self.maxSizes { sizes[propertyCount] = (width, height) }
            finishField()
        case .primary(let count):
            guard take(count, from: &bytes) else { return }
            primary = number(4..<(field[0] == 0 ? 6 : count))
            finishField()
        case .table:
            guard take(8, from: &bytes) else { return }
            numberLength = field[0] == 0 ? 2 : 4
            placeLength = field[3] & 1 == 0 ? 1 : 2
            itemsLeft = number(4..<8)
            nextItem(behind: 8)
        case .item:
            guard take(numberLength + 1, from: &bytes) else { return }
            let isPrimary = number(0..<numberLength) == primary
            let count = Int(field[numberLength]) * placeLength
            itemsLeft -= 1
            tableLeft -= field.count
            guard count > 0 else { return nextItem(behind: 0) }
            guard count <= tableLeft else { return end() }
            field = []
            state = .places(count, isPrimary: isPrimary)
        case .places(let count, let isPrimary):
            guard take(count, from: &bytes) else { return }
            guard !isPrimary else { return choose() }
            nextItem(behind: count)
        case .end: break
        }
    }

    /// Goes into a box, or passes over it.
    private mutating func enter(length: Int, headCount: Int) {
        let type = String(decoding: field[4..<8], as: UTF8.self)
        let count = length - headCount
        let isProperty = propertiesLeft != nil
        finishField()
        // An empty property may have been the last.
        guard !isFinished, !isProperty || propertiesLeft != nil else { return }
        // A length of 0 reaches to the end of the file.
        guard count >= 0 || length == 0 else { return end() }
        // Behind the properties only the tables of who has them count.
        if size != nil {
            guard type == "ipma", count >= 8 else { return end() }
            tableLeft = count
            state = .table
            return
        }
        if isProperty { propertyCount += 1 }
        // A property that reaches beyond the properties makes nonsense of them.
        if let left = propertiesLeft, count > left { return end() }
        switch type {
        case "pitm" where propertiesLeft == nil && (6...8).contains(count): state = .primary(count)
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
        propertiesLeft = nil
        guard left == count, let largest else { return end() }
        size = largest
        if primary == nil { end() }
    }

    /// Goes on in the table of which item has which properties, or behind it.
    private mutating func nextItem(behind count: Int) {
        field = []
        tableLeft -= count
        if itemsLeft > 0 {
            state = tableLeft > numberLength ? .item : .end
        } else {
            state = tableLeft > 0 ? .skip(tableLeft) : .head
        }
    }

    /// Takes the size among the properties of the primary item.
    private mutating func choose() {
        for start in stride(from: 0, to: field.count, by: placeLength) {
            // The highest bit tells something else.
            let place = number(start..<start + placeLength) & (placeLength == 1 ? 0x7F : 0x7FFF)
            if let found = sizes[place] { size = found }
        }
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
