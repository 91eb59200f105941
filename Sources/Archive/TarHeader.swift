/// One header block of a tar: 512 bytes (POSIX.1-1988 ustar, GNU and the format of Unix version 7).
struct TarHeader {
    /// What follows the header.
    enum Kind: Equatable {
        case member(ArchiveMember.Kind)
        /// The name of the next member, which is too long for its header (GNU).
        case longName
        /// Where the next member, a link, leads to (GNU).
        case longLink
        /// pax records about the next member.
        case extended
        /// pax records about all members from here on.
        case globalExtended
    }

    static let blockBytes = 512

    let kind: Kind
    /// The name as the header has it, of any bytes.
    let name: [UInt8]
    /// The bytes that follow, without padding.
    let size: UInt64

    /// Reads a block that is not all zeros.
    init(_ block: [UInt8]) throws(ArchiveFault) {
        guard try Self.isChecked(block) else {
            throw .invalid("Its header's checksum is wrong; this is no tar, or a damaged one.")
        }
        size = try Self.number(block[124..<136])
        var name = Self.text(block[0..<100])
        // What GNU's magic ("ustar  ") has here are times, and version 7 has no magic at all.
        let prefix = block[257..<263] == Self.magic ? Self.text(block[345..<500]) : []
        if !prefix.isEmpty { name = prefix + [UInt8(ascii: "/")] + name }
        self.name = name
        kind = try Self.kind(block[156])
    }

    private static let magic = ArraySlice(Array("ustar\0".utf8))

    private static func kind(_ flag: UInt8) throws(ArchiveFault) -> Kind {
        switch flag {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): return .member(.file)
        case UInt8(ascii: "5"): return .member(.folder)
        case UInt8(ascii: "1")...UInt8(ascii: "4"), UInt8(ascii: "6"): return .member(.other)
        case UInt8(ascii: "L"): return .longName
        case UInt8(ascii: "K"): return .longLink
        case UInt8(ascii: "x"): return .extended
        case UInt8(ascii: "g"): return .globalExtended
        case UInt8(ascii: "S"): throw .sparse
        default: throw .memberInvalid("It is neither file nor folder nor link, but of a kind that is not known here.")
        }
    }

    /// Whether the checksum is right: the sum of all bytes, with its own field as spaces.
    ///
    /// Some old programs have added signed bytes.
    private static func isChecked(_ block: [UInt8]) throws(ArchiveFault) -> Bool {
        var (unsigned, signed) = (0, 0)
        for (index, byte) in block.enumerated() {
            let counted = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            unsigned += Int(counted)
            signed += Int(Int8(bitPattern: counted))
        }
        let told = try number(block[148..<156])
        return told == UInt64(unsigned) || Int(exactly: told) == signed
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
        Array(field.prefix { $0 != 0 })
    }

    /// A number: octal digits between spaces and NULs, or base 256 behind a set highest bit.
    private static func number(_ field: ArraySlice<UInt8>) throws(ArchiveFault) -> UInt64 {
        let fault = ArchiveFault.invalid("A number of its header is malformed; this is no tar, or a damaged one.")
        guard let first = field.first, first & 0x80 == 0 else { return try large(field, fault) }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0)
        }
        guard field[digits.endIndex...].allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else { throw fault }
        // At most twelve digits of three bits.
        return digits.reduce(0) { $0 << 3 | UInt64($1 - UInt8(ascii: "0")) }
    }

    private static func large(_ field: ArraySlice<UInt8>, _ fault: ArchiveFault) throws(ArchiveFault) -> UInt64 {
        // The bit below the highest is the sign.
        guard let first = field.first, first & 0x40 == 0 else { throw fault }
        var value = UInt64(first & 0x3F)
        for byte in field.dropFirst() {
            guard value < 1 << 55 else { throw fault }
            value = value << 8 | UInt64(byte)
        }
        return value
    }
}

extension ArchiveFault {
    /// A file with holes that were left out.
    static let sparse = memberInvalid("It is a sparse file; make the tar without --sparse.")
}
