// MARK: - Parsing headers (APPNOTE.TXT 6.3.10, §4.3 to §4.5); ``ZIPRecords`` writes them

/// Record signatures.
enum ZIPSignature {
    static let localHeader: UInt32 = 0x0403_4B50
    static let descriptor: UInt32 = 0x0807_4B50
    static let centralHeader: UInt32 = 0x0201_4B50
    static let zip64End: UInt32 = 0x0606_4B50
    static let zip64Locator: UInt32 = 0x0706_4B50
    static let end: UInt32 = 0x0605_4B50
    /// The start of a split archive that fits into a single segment.
    static let singleSegment: UInt32 = 0x3030_4B50
}

/// A compression method.
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
        default:
            throw .memberInvalid("It is packed by another method than deflate; make a plain ZIP.")
        }
    }
}

/// Lookup in the extra fields of a header (APPNOTE.TXT 6.3.10, §4.5).
enum ZIPExtra {
    /// Returns the data of the first field of a kind.
    ///
    /// - Parameters:
    ///   - kind: The header ID of the field.
    ///   - extra: All extra fields of a header. A truncated field at the end is ignored, as all
    ///     readers do.
    /// - Returns: The data, or `nil` if there is no such field.
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

/// The ZIP64 extra field, which holds the values of fields that are all ones.
private enum ZIP64Extra {
    /// Returns the field's values; `nil` if there is no such field.
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
    /// Whether checksum and sizes follow the bytes, because they were not known in advance.
    let hasDescriptor: Bool
    /// Whether the descriptor's sizes have 64 bits.
    let isZIP64: Bool
    /// The checksum and the sizes in the header; with a descriptor they may be missing.
    let crc32: UInt32?
    let packedSize: UInt64?
    let size: UInt64?
    let name: [UInt8]
    /// The decoded name.
    let text: String

    /// Returns the length of the whole header, given its fixed part.
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
            // A local header has either both values in the field or neither.
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

/// A member's header in the central directory.
struct ZIPCentralHeader {
    static let fixedBytes = 46

    let method: ZIPMethod
    let crc32: UInt32
    let packedSize: UInt64
    let size: UInt64
    /// The offset of its local header.
    let offset: UInt64
    let name: [UInt8]

    /// Returns the length of the whole header, given its fixed part.
    static func length(_ fixed: [UInt8]) -> Int {
        let fields = LittleEndian(fixed)
        return fixedBytes + Int(fields.number16(28)) + Int(fields.number16(30))
            + Int(fields.number16(32))
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
