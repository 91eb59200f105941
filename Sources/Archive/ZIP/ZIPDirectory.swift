/// The members of a ZIP as received, for comparison with its central directory.
///
/// A program that unpacks by the directory must find exactly the files that were streamed. An
/// archive with two interpretations is refused.
struct ZIPDirectory {
    private struct Entry {
        let number: Int
        let method: ZIPMethod
        let crc32: UInt32
        let packedSize: UInt64
        let size: UInt64
        let name: Int
    }

    /// The members not yet found in the directory, by the offsets of their local headers.
    private var missing: [UInt64: Entry] = [:]
    private(set) var count: UInt64 = 0

    /// Records a received member.
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

    /// Checks a central header; each must describe a different member.
    mutating func check(_ header: ZIPCentralHeader) throws(ArchiveFault) {
        guard let entry = missing.removeValue(forKey: header.offset) else {
            throw .invalid("The central directory names a member that is not there, or one twice.")
        }
        guard entry.method == header.method, entry.crc32 == header.crc32,
            entry.packedSize == header.packedSize,
            entry.size == header.size, entry.name == Self.fingerprint(header.name)
        else {
            throw ArchiveFault.invalid(
                "The central directory gives it another name, size or checksum than it has."
            )
            .ofMember(entry.number)
        }
    }

    /// Checks that the directory named every member.
    func checkCompleteness() throws(ArchiveFault) {
        guard missing.isEmpty else { throw .invalid("The central directory leaves members out.") }
    }

    /// Returns a name's hash, so that a hundred thousand long names need not be kept.
    ///
    /// The standard hash is keyed with the process's random seed, so no outsider can construct a
    /// collision.
    private static func fingerprint(_ name: [UInt8]) -> Int {
        var hasher = Hasher()
        hasher.combine(name)
        return hasher.finalize()
    }
}
