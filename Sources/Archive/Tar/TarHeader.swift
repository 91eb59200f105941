/// One 512-byte header block of a tar file (POSIX.1-1988 ustar, GNU, Unix version 7).
struct TarHeader {
    /// What follows the header.
    enum Kind: Equatable {
        case member(ArchiveMember.Kind)
        /// The name of the next member, too long for its header (GNU).
        case longName
        /// The link target of the next member (GNU).
        case longLink
        /// pax records for the next member.
        case extended
        /// pax records for all following members.
        case globalExtended
    }

    static let blockBytes = 512

    let kind: Kind
    /// The raw name from the header.
    let name: [UInt8]
    /// The number of bytes that follow, without padding.
    let size: UInt64

    /// Parses a block that is not all zeros.
    init(_ block: [UInt8]) throws(ArchiveFault) {
        guard try Self.isChecked(block) else {
            throw .invalid("Its header's checksum is wrong; this is no tar, or a damaged one.")
        }
        size = try Self.number(block[124..<136])
        var name = Self.text(block[0..<100])
        // GNU's magic (`ustar` and two spaces) has times here, and version 7 has no magic.
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
        default:
            throw .memberInvalid(
                "It is not a file, folder or link, but of an unknown kind."
            )
        }
    }

    /// Whether the checksum is correct: the sum of all bytes, with its own field as spaces.
    ///
    /// Some old programs summed signed bytes.
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

    /// Parses a number: octal digits between spaces and NULs, or base 256 if the top bit is set.
    private static func number(_ field: ArraySlice<UInt8>) throws(ArchiveFault) -> UInt64 {
        let fault = ArchiveFault.invalid(
            "A number of its header is malformed; this is no tar, or a damaged one."
        )
        guard let first = field.first, first & 0x80 == 0 else { return try large(field, fault) }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0)
        }
        guard field[digits.endIndex...].allSatisfy({ $0 == 0 || $0 == UInt8(ascii: " ") }) else {
            throw fault
        }
        // At most twelve digits of three bits each.
        return digits.reduce(0) { $0 << 3 | UInt64($1 - UInt8(ascii: "0")) }
    }

    private static func large(
        _ field: ArraySlice<UInt8>,
        _ fault: ArchiveFault
    ) throws(ArchiveFault) -> UInt64 {
        // The bit below the top one is the sign.
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
    /// A sparse file, whose holes were left out.
    static let sparse = memberInvalid("It is a sparse file; make the tar without --sparse.")
}
