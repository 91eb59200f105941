/// Checks the end records of a ZIP against what preceded them.
struct ZIPEnd {
    static let fixedBytes = 22
    static let zip64Bytes = 56
    static let locatorBytes = 20

    /// The number of members.
    let count: UInt64
    /// The offset of the central directory.
    let directoryOffset: UInt64
    /// The length of the central directory in bytes.
    let directoryLength: UInt64

    /// Checks the ZIP64 record.
    func checkZIP64(_ bytes: [UInt8]) throws(ArchiveFault) {
        let fields = LittleEndian(bytes)
        // The record's remaining length; it is longer only if the directory is encrypted.
        guard fields.number64(4) == UInt64(Self.zip64Bytes - 12) else { throw Self.different }
        guard fields.number32(16) == 0, fields.number32(20) == 0 else { throw .split }
        guard fields.number64(24) == count, fields.number64(32) == count,
            fields.number64(40) == directoryLength,
            fields.number64(48) == directoryOffset
        else { throw Self.different }
    }

    /// Checks the locator of the ZIP64 record.
    func checkLocator(_ bytes: [UInt8]) throws(ArchiveFault) {
        let fields = LittleEndian(bytes)
        guard fields.number32(4) == 0, fields.number32(16) <= 1 else { throw .split }
        guard fields.number64(8) == directoryOffset + directoryLength else { throw Self.different }
    }

    /// Checks the end record.
    ///
    /// - Parameters:
    ///   - bytes: Its fixed part.
    ///   - isZIP64: Whether a ZIP64 record came before, to which all-ones fields refer.
    /// - Returns: The length of the comment that follows.
    /// - Throws: ``ArchiveFault`` if it does not match.
    func checkEnd(_ bytes: [UInt8], isZIP64: Bool) throws(ArchiveFault) -> Int {
        let fields = LittleEndian(bytes)
        for disk in [fields.number16(4), fields.number16(6)]
        where disk != 0 && !(isZIP64 && disk == .max) {
            throw .split
        }
        func agrees<Number: FixedWidthInteger>(_ told: Number, _ value: UInt64) -> Bool {
            UInt64(told) == value || isZIP64 && told == .max
        }
        guard agrees(fields.number16(8), count), agrees(fields.number16(10), count),
            agrees(fields.number32(12), directoryLength),
            agrees(fields.number32(16), directoryOffset)
        else { throw Self.different }
        return Int(fields.number16(20))
    }

    private static let different = ArchiveFault.invalid(
        "The end of the ZIP gives a wrong number of members, or a wrong place of the central directory."
    )
}
