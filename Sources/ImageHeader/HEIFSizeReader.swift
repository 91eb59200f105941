/// Finds a HEIC or AVIF picture's size in its properties (ISO/IEC 23008-12, 6.5.3), as bytes
/// arrive.
///
/// The picture is the file's primary item. If the file does not name it before the properties, or
/// says nothing about it, the largest of all sizes counts: tiles, thumbnails and alpha layers are
/// never larger. The reader keeps the header of one box and one size per property.
struct HEIFSizeReader {
    private enum State {
        /// Reads the length and the type of a box.
        case head
        /// Reads the 64-bit length after the header of a large box.
        case longHead
        /// Skips bytes, then reads the next header.
        case skip(Int)
        /// Reads the primary item's box: version, flags and the item's ID.
        case primary(Int)
        /// Reads a size: version, flags, width and height.
        case size
        /// Reads the header of the property association table: version, flags and the number of
        /// items.
        case table
        /// Reads an item's ID and its number of properties.
        case item
        /// Reads an item's property indices, and whether it is the primary item.
        case places(Int, isPrimary: Bool)
        case end
    }

    /// The maximum number of sizes kept; phones write three or four.
    private static let maxSizes = 4096

    private var state = State.head
    private var field: [UInt8] = []
    /// The ID of the primary item.
    private var primary: Int?
    /// The number of property bytes still to come; `nil` outside the properties.
    private var propertiesLeft: Int?
    /// The number of properties seen so far.
    private var propertyCount = 0
    /// The sizes by property index, from 1.
    private var sizes: [Int: (width: Int, height: Int)] = [:]
    private var largest: (width: Int, height: Int)?
    /// The association table: bytes and items still to come, and the lengths of IDs and indices.
    private var tableLeft = 0
    private var itemsLeft = 0
    private var numberLength = 2
    private var placeLength = 1

    /// The size, once all properties have been seen; it may change until the end.
    private(set) var size: (width: Int, height: Int)?

    /// Whether further bytes cannot change the result.
    var isFinished: Bool {
        if case .end = state { true } else { false }
    }

    /// Consumes the next bytes of the file, beginning with its first.
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
            // 2⁶³ bytes or more never arrive.
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

    /// Enters a box or skips it.
    private mutating func enter(length: Int, headCount: Int) {
        let type = String(decoding: field[4..<8], as: UTF8.self)
        let count = length - headCount
        let isProperty = propertiesLeft != nil
        finishField()
        // The last property may have been empty.
        guard !isFinished, !isProperty || propertiesLeft != nil else { return }
        // A length of 0 means "to the end of the file".
        guard count >= 0 || length == 0 else { return end() }
        // After the properties, only the association tables matter.
        if size != nil {
            guard type == "ipma", count >= 8 else { return end() }
            tableLeft = count
            state = .table
            return
        }
        if isProperty { propertyCount += 1 }
        // A property that extends beyond the property container invalidates all of them.
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

    /// Moves bytes into the field until it holds `count` bytes.
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

    /// Subtracts bytes from the remaining property bytes.
    private mutating func pass(_ count: Int) {
        guard let left = propertiesLeft else { return }
        propertiesLeft = left - count
        guard left <= count else { return }
        propertiesLeft = nil
        guard left == count, let largest else { return end() }
        size = largest
        if primary == nil { end() }
    }

    /// Continues within the association table or after it.
    private mutating func nextItem(behind count: Int) {
        field = []
        tableLeft -= count
        if itemsLeft > 0 {
            state = tableLeft > numberLength ? .item : .end
        } else {
            state = tableLeft > 0 ? .skip(tableLeft) : .head
        }
    }

    /// Chooses the size among the primary item's properties.
    private mutating func choose() {
        for start in stride(from: 0, to: field.count, by: placeLength) {
            // The top bit marks essential properties.
            let place = number(start..<start + placeLength) & (placeLength == 1 ? 0x7F : 0x7FFF)
            if let found = sizes[place] { size = found }
        }
        end()
    }

    private mutating func end() {
        state = .end
        field = []
    }

    private static func isLarger(
        _ size: (width: Int, height: Int),
        than other: (width: Int, height: Int)?
    ) -> Bool {
        guard let other else { return true }
        // The sides have 32 bits each.
        return UInt64(size.width) * UInt64(size.height) > UInt64(other.width) * UInt64(other.height)
    }

    private func number(_ range: Range<Int>) -> Int {
        field[range].reduce(0) { $0 << 8 | Int($1) }
    }
}
