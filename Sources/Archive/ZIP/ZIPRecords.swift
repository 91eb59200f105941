/// Writes the records of a ZIP file (APPNOTE.TXT 6.3.10, §4.3 and §4.5.3).
///
/// All numbers are little-endian. A 32-bit field whose value is 2^32 - 1 or more holds 2^32 - 1,
/// and the value is in the ZIP64 extra field.
enum ZIPRecords {
    private static let most32 = UInt64(UInt32.max)
    private static let most16 = UInt64(UInt16.max)
    /// Bit 11: the name is UTF-8.
    private static let flags: UInt16 = 1 << 11
    /// 1980-01-01, the earliest date in the format.
    private static let date: UInt16 = 1 << 5 | 1

    private static let zip64Version: UInt16 = 45
    private static let plainVersion: UInt16 = 10

    // MARK: - Local header

    static func localHeaderLength(of entry: ZIPEntry) -> UInt64 {
        30 + UInt64(entry.name.utf8.count) + (entry.size >= most32 ? 20 : 0)
    }

    static func localHeader(of entry: ZIPEntry) -> [UInt8] {
        var record = Record()
        record.append32(0x0403_4B50)
        let isLarge = entry.size >= most32
        appendCommonFields(of: entry, isZIP64: isLarge, to: &record)
        record.append16(isLarge ? 20 : 0)
        record.bytes += entry.name.utf8
        if isLarge {
            record.append16(1)
            record.append16(16)
            // The local header always has both sizes.
            record.append64(entry.size)
            record.append64(entry.size)
        }
        return record.bytes
    }

    // MARK: - Central directory

    static func centralHeaderLength(of entry: ZIPEntry, at offset: UInt64) -> UInt64 {
        46 + UInt64(entry.name.utf8.count) + centralExtraLength(of: entry, at: offset)
    }

    private static func centralExtraLength(of entry: ZIPEntry, at offset: UInt64) -> UInt64 {
        let values: UInt64 = (entry.size >= most32 ? 2 : 0) + (offset >= most32 ? 1 : 0)
        return values == 0 ? 0 : 4 + 8 * values
    }

    static func centralHeader(of entry: ZIPEntry, at offset: UInt64) -> [UInt8] {
        let extraLength = centralExtraLength(of: entry, at: offset)
        var record = Record()
        record.append32(0x0201_4B50)
        // Made on Unix, so the attributes below are Unix permissions.
        record.append16(3 << 8 | zip64Version)
        appendCommonFields(of: entry, isZIP64: extraLength > 0, to: &record)
        record.append16(UInt16(extraLength))
        // No comment, first disk, no internal attributes; a regular file with mode 0644.
        record.append16(0)
        record.append16(0)
        record.append16(0)
        record.append32(0o100644 << 16)
        record.append32(UInt32(clamping: offset))
        record.bytes += entry.name.utf8
        if extraLength > 0 {
            record.append16(1)
            record.append16(UInt16(extraLength - 4))
            if entry.size >= most32 {
                record.append64(entry.size)
                record.append64(entry.size)
            }
            if offset >= most32 { record.append64(offset) }
        }
        return record.bytes
    }

    /// Appends the fields common to both headers, from the version to the name's length.
    private static func appendCommonFields(
        of entry: ZIPEntry,
        isZIP64: Bool,
        to record: inout Record
    ) {
        record.append16(isZIP64 ? zip64Version : plainVersion)
        record.append16(flags)
        // Stored; midnight.
        record.append16(0)
        record.append16(0)
        record.append16(date)
        record.append32(entry.crc32)
        record.append32(UInt32(clamping: entry.size))
        record.append32(UInt32(clamping: entry.size))
        record.append16(UInt16(entry.name.utf8.count))
    }

    // MARK: - End

    /// The central directory as described by the end records.
    struct Directory {
        let entryCount: UInt64
        let offset: UInt64
        let length: UInt64

        private var needsZIP64: Bool {
            entryCount >= most16 || offset >= most32 || length >= most32
        }

        var endLength: UInt64 { needsZIP64 ? 56 + 20 + 22 : 22 }

        var end: [UInt8] {
            var record = Record()
            if needsZIP64 {
                record.append32(0x0606_4B50)
                // The length of the rest of the record.
                record.append64(44)
                record.append16(3 << 8 | zip64Version)
                record.append16(zip64Version)
                record.append32(0)
                record.append32(0)
                record.append64(entryCount)
                record.append64(entryCount)
                record.append64(length)
                record.append64(offset)
                record.append32(0x0706_4B50)
                record.append32(0)
                record.append64(offset + length)
                record.append32(1)
            }
            record.append32(0x0605_4B50)
            record.append16(0)
            record.append16(0)
            record.append16(UInt16(clamping: entryCount))
            record.append16(UInt16(clamping: entryCount))
            record.append32(UInt32(clamping: length))
            record.append32(UInt32(clamping: offset))
            record.append16(0)
            return record.bytes
        }
    }

    /// A little-endian record under construction.
    private struct Record {
        var bytes: [UInt8] = []

        mutating func append16(_ value: UInt16) { append(UInt64(value), count: 2) }
        mutating func append32(_ value: UInt32) { append(UInt64(value), count: 4) }
        mutating func append64(_ value: UInt64) { append(value, count: 8) }

        private mutating func append(_ value: UInt64, count: UInt64) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
        }
    }
}
