// What the headers of a ZIP say (APPNOTE.TXT 6.3.10, §4.3 to §4.5); ``ZIPRecords`` is the writing side.

/// The signatures of the records.
enum ZIPSignature {
    static let localHeader: UInt32 = 0x0403_4B50
    static let descriptor: UInt32 = 0x0807_4B50
    static let centralHeader: UInt32 = 0x0201_4B50
    static let zip64End: UInt32 = 0x0606_4B50
    static let zip64Locator: UInt32 = 0x0706_4B50
    static let end: UInt32 = 0x0605_4B50
    /// What a split archive that fits into one part begins with.
    static let singleSegment: UInt32 = 0x3030_4B50
}

/// How a member is packed.
enum ZIPMethod: Equatable {
    case stored
    case deflated

    init(_ number: UInt16, flags: UInt16) throws(ArchiveFault) {
        // Bits 0, 6 and 13: encrypted, strongly encrypted, masked.
        guard flags & (1 | 1 << 6 | 1 << 13) == 0 else {
            throw .memberInvalid("It is encrypted; make the ZIP without a password.")
        }
        switch number {
        case 0: self = .stored
        case 8: self = .deflated
        default: throw .memberInvalid("It is packed by another method than deflate; make a plain ZIP.")
        }
    }
}

/// The extra fields of a header (APPNOTE.TXT 6.3.10, §4.5).
enum ZIPExtra {
    /// The bytes of the first field of a kind.
    ///
    /// - Parameters:
    ///   - kind: The number of the kind.
    ///   - extra: All extra fields of a header. What is cut short at their end is ignored, as everybody does.
    /// - Returns: `nil` if there is no such field.
    static func field(_ kind: UInt16, in extra: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = extra
        while rest.count >= 4 {
            let head = LittleEndian(rest)
            let length = Int(head.number16(2))
            guard length <= rest.count - 4 else { return nil }
            if head.number16(0) == kind { return rest.dropFirst(4).prefix(length) }
            rest = rest.dropFirst(4 + length)
        }
        return nil
    }
}

/// The sizes of the ZIP64 extra field, which stand there for fields that are all ones.
private enum ZIP64Extra {
    /// The field's values; `nil` if there is no such field.
    static func values(in extra: ArraySlice<UInt8>) -> [UInt64]? {
        ZIPExtra.field(1, in: extra).map { field in
            let body = LittleEndian(field)
            return stride(from: 0, to: field.count / 8 * 8, by: 8).map { body.number64($0) }
        }
    }

    static let missing = ArchiveFault.invalid("Its ZIP64 field is missing or malformed.")
}

/// The header before a member's bytes.
struct ZIPLocalHeader {
    static let fixedBytes = 30

    let method: ZIPMethod
    /// Whether checksum and sizes follow the bytes, because they were not known before.
    let hasDescriptor: Bool
    /// Whether the descriptor's sizes have 64 bits.
    let isZIP64: Bool
    /// What the header says; with a descriptor it may say nothing.
    let crc32: UInt32?
    let packedSize: UInt64?
    let size: UInt64?
    let name: [UInt8]
    /// What the name's bytes spell.
    let text: String

    /// The bytes of the whole header, from its fixed part.
    static func length(_ fixed: [UInt8]) -> Int {
        let fields = LittleEndian(fixed)
        return fixedBytes + Int(fields.number16(26)) + Int(fields.number16(28))
    }

    init(_ bytes: [UInt8]) throws(ArchiveFault) {
        let fields = LittleEndian(bytes)
        let flags = fields.number16(6)
        method = try ZIPMethod(fields.number16(8), flags: flags)
        hasDescriptor = flags & 1 << 3 != 0
        let nameEnd = Self.fixedBytes + Int(fields.number16(26))
        name = Array(bytes[Self.fixedBytes..<nameEnd])
        text = ZIPName.text(of: name, flags: flags, extra: bytes[nameEnd...])
        var (packed, unpacked) = (UInt64(fields.number32(18)), UInt64(fields.number32(22)))
        let large = ZIP64Extra.values(in: bytes[nameEnd...])
        isZIP64 = large != nil
        if packed == UInt32.max || unpacked == UInt32.max {
            // In this header both stand there, or neither.
            guard let large, large.count >= 2 else { throw ZIP64Extra.missing }
            if unpacked == UInt32.max { unpacked = large[0] }
            if packed == UInt32.max { packed = large[1] }
        }
        let told = fields.number32(14)
        crc32 = hasDescriptor && told == 0 ? nil : told
        packedSize = hasDescriptor && packed == 0 ? nil : packed
        size = hasDescriptor && unpacked == 0 ? nil : unpacked
    }
}

/// What the central directory says of a member.
struct ZIPCentralHeader {
    static let fixedBytes = 46

    let method: ZIPMethod
    let crc32: UInt32
    let packedSize: UInt64
    let size: UInt64
    /// Where its local header begins.
    let offset: UInt64
    let name: [UInt8]

    /// The bytes of the whole header, from its fixed part.
    static func length(_ fixed: [UInt8]) -> Int {
        let fields = LittleEndian(fixed)
        return fixedBytes + Int(fields.number16(28)) + Int(fields.number16(30)) + Int(fields.number16(32))
    }

    init(_ bytes: [UInt8]) throws(ArchiveFault) {
        let fields = LittleEndian(bytes)
        method = try ZIPMethod(fields.number16(10), flags: fields.number16(8))
        crc32 = fields.number32(16)
        let nameEnd = Self.fixedBytes + Int(fields.number16(28))
        name = Array(bytes[Self.fixedBytes..<nameEnd])
        let extra = bytes[nameEnd..<(nameEnd + Int(fields.number16(30)))]
        var large = (ZIP64Extra.values(in: extra) ?? [])[...]
        func value(_ short: UInt32) throws(ArchiveFault) -> UInt64 {
            guard short == UInt32.max else { return UInt64(short) }
            guard let value = large.popFirst() else { throw ZIP64Extra.missing }
            return value
        }
        size = try value(fields.number32(24))
        packedSize = try value(fields.number32(20))
        offset = try value(fields.number32(42))
        guard fields.number16(34) == 0 else { throw .split }
    }
}

extension ArchiveFault {
    static let split = invalid("The archive is split into parts; send one whole ZIP.")
}
