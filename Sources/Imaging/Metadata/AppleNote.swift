/// An iPhone's maker note, as far as ExifTool documents it (Image::ExifTool::Apple).
///
/// Apple publishes no description. The note consists of `Apple iOS`, a version, a byte order and a
/// TIFF-style directory whose offsets count from the start of the note.
enum AppleNote {
    private static let mark = Array("Apple iOS\0".utf8)
    private static let directory = 14

    /// Entries about parts of the file that are not carried: a live photo's video and the gain map.
    private static let removed: Set<Int> = [
        // The identifier shared by picture and video, and the picture's time in the video.
        0x0011, 0x0017,
        // The headroom and the gain of the gain map.
        0x0021, 0x0030,
    ]

    /// Removes those entries; anything but such a note stays unchanged.
    ///
    /// - Parameters:
    ///   - place: The byte range of the note.
    ///   - tiff: The structure that contains it.
    static func correct(at place: Range<Int>, in tiff: inout TIFFStructure) {
        var note = Array(tiff.bytes[place])
        guard note.starts(with: mark), note.count >= directory + 2,
            note[12..<14].elementsEqual("MM".utf8)
        else {
            return
        }
        let count = Int(note[directory]) << 8 | Int(note[directory + 1])
        let end = directory + 2 + 12 * count
        guard end <= note.count else { return }
        let entries = (0..<count).map {
            Array(note[directory + 2 + 12 * $0..<directory + 14 + 12 * $0])
        }
        let kept = entries.filter { !removed.contains(Int($0[0]) << 8 | Int($0[1])) }
        guard kept.count < count else { return }
        for entry in entries where removed.contains(Int(entry[0]) << 8 | Int(entry[1])) {
            erase(entry, in: &note)
        }
        // The link to the next directory moves up behind the last entry.
        let link = Array(note[end..<min(end + 4, note.count)])
        let directoryBytes = [
            UInt8(truncatingIfNeeded: kept.count >> 8), UInt8(truncatingIfNeeded: kept.count),
        ]
        let moved = directoryBytes + kept.flatMap(\.self) + link
        let filling = [UInt8](repeating: 0, count: 12 * (count - kept.count))
        note.replaceSubrange(directory..<end + link.count, with: moved + filling)
        tiff.replace(place, by: note)
    }

    /// Zeroes the value of an entry that is stored outside the entry.
    private static func erase(_ entry: [UInt8], in note: inout [UInt8]) {
        func number(_ range: Range<Int>) -> Int { entry[range].reduce(0) { $0 << 8 | Int($1) } }
        guard let size = [2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8][number(2..<4)] else { return }
        let (count, start) = (number(4..<8), number(8..<12))
        guard count <= note.count / size, count * size > 4, start >= directory,
            start <= note.count - count * size
        else { return }
        note.replaceSubrange(
            start..<start + count * size,
            with: repeatElement(0, count: count * size)
        )
    }
}
