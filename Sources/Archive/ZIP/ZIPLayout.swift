/// The exact layout of a ZIP archive of stored files, before any of it is written.
///
/// The archive consists of, for every entry in order, ``localHeader(at:)`` and the bytes of the
/// file, followed by ``trailer()``. Files are stored, not deflated (PNG does not shrink any
/// further), names are UTF-8, and every time is 1980-01-01 00:00, so equal entries give equal
/// archives. Since the length and all offsets are known in advance, an archive can be sent with its
/// exact length, and any range of it on its own. ZIP64 fields appear only where a size, an offset
/// or the number of entries needs them (APPNOTE.TXT 6.3.10, §4).
public struct ZIPLayout: Sendable, Equatable {
    /// The files, in archive order.
    public let entries: [ZIPEntry]

    /// The length of the whole archive in bytes.
    public let totalLength: UInt64

    /// The offset of the trailer: the total length of all headers and files.
    public let trailerOffset: UInt64

    /// The offset of each local header.
    private let offsets: [UInt64]

    /// Lays out an archive.
    ///
    /// - Parameter entries: The files in order; may be empty.
    /// - Throws: ``ArchiveError`` if a name is unsafe or repeated, or the archive would be too
    ///   long.
    public init(entries: [ZIPEntry]) throws(ArchiveError) {
        var names: Set<String> = []
        var offsets: [UInt64] = []
        offsets.reserveCapacity(entries.count)
        var offset: UInt64 = 0
        var directoryLength: UInt64 = 0
        for entry in entries {
            guard Self.isSafe(entry.name) else { throw ArchiveError.unsafeName(entry.name) }
            guard names.insert(entry.name).inserted else {
                throw ArchiveError.duplicateName(entry.name)
            }
            offsets.append(offset)
            directoryLength += ZIPRecords.centralHeaderLength(of: entry, at: offset)
            let (afterFile, overflow) = (offset + ZIPRecords.localHeaderLength(of: entry))
                .addingReportingOverflow(entry.size)
            if overflow || afterFile > UInt64(Int64.max) { throw ArchiveError.tooLarge }
            offset = afterFile
        }
        let directory = ZIPRecords.Directory(
            entryCount: UInt64(entries.count),
            offset: offset,
            length: directoryLength
        )
        self.entries = entries
        self.offsets = offsets
        trailerOffset = offset
        totalLength = offset + directoryLength + directory.endLength
        if totalLength > UInt64(Int64.max) { throw ArchiveError.tooLarge }
    }

    /// Returns the header immediately before an entry's bytes.
    ///
    /// - Parameter index: The entry's index in ``entries``.
    /// - Returns: 30 bytes, the name, and 20 more if the file has 4 GiB or more.
    public func localHeader(at index: Int) -> [UInt8] {
        ZIPRecords.localHeader(of: entries[index])
    }

    /// Returns everything after the last file: the central directory and the end records.
    ///
    /// It takes roughly a hundred bytes per entry.
    public func trailer() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(clamping: totalLength - trailerOffset))
        for (entry, offset) in zip(entries, offsets) {
            bytes += ZIPRecords.centralHeader(of: entry, at: offset)
        }
        let directory = ZIPRecords.Directory(
            entryCount: UInt64(entries.count),
            offset: trailerOffset,
            length: UInt64(bytes.count)
        )
        return bytes + directory.end
    }

    /// Whether a name can be unpacked on any system without leaving the folder.
    private static func isSafe(_ name: String) -> Bool {
        guard (1...0xFFFF).contains(name.utf8.count) else { return false }
        guard name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F && $0 != "\\" })
        else {
            return false
        }
        return name.split(separator: "/", omittingEmptySubsequences: false)
            .allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }
}
