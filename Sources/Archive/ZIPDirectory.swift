/// The members of a ZIP as they came, to be compared with what its central directory says of them.
///
/// A program that unpacks by the directory must find just the files that came: an archive that says two things is refused.
struct ZIPDirectory {
    private struct Entry {
        let number: Int
        let method: ZIPMethod
        let crc32: UInt32
        let packedSize: UInt64
        let size: UInt64
        let name: Int
    }

    /// Those that the directory has not named yet, by the offsets of their headers.
    private var missing: [UInt64: Entry] = [:]
    private(set) var count: UInt64 = 0

    /// Notes a member that has come.
    mutating func add(
        number: Int,
        header: ZIPLocalHeader,
        offset: UInt64,
        crc32: UInt32,
        packedSize: UInt64,
        size: UInt64
    ) {
        count += 1
        missing[offset] = Entry(
            number: number,
            method: header.method,
            crc32: crc32,
            packedSize: packedSize,
            size: size,
            name: Self.fingerprint(header.name)
        )
    }

    /// Compares a header of the directory, each of which must be about another member.
    mutating func check(_ header: ZIPCentralHeader) throws(ArchiveFault) {
        guard let entry = missing.removeValue(forKey: header.offset) else {
            throw .invalid("The central directory names a member that is not there, or one twice.")
        }
        guard entry.method == header.method, entry.crc32 == header.crc32, entry.packedSize == header.packedSize,
            entry.size == header.size, entry.name == Self.fingerprint(header.name)
        else {
            throw ArchiveFault.invalid("The central directory gives it another name, size or checksum than it has.")
                .ofMember(entry.number)
        }
    }

    /// Requires that every member was named.
    func checkCompleteness() throws(ArchiveFault) {
        guard missing.isEmpty else { throw .invalid("The central directory leaves members out.") }
    }

    /// A name in one word, so that a hundred thousand long names need not be held.
    ///
    /// The standard hash is keyed by the process's own random seed, so that nobody outside can find two names of one word.
    private static func fingerprint(_ name: [UInt8]) -> Int {
        var hasher = Hasher()
        hasher.combine(name)
        return hasher.finalize()
    }
}
