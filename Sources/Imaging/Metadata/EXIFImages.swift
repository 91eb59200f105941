/// Removes the pictures inside an EXIF structure: thumbnails and previews, which show the
/// unprotected photo.
enum EXIFImages {
    /// More directories than any writer produces.
    private static let maxDirectories = 64

    /// Erases all pictures and everything that leads to them.
    ///
    /// That covers later directories, subdirectories, XMP packets, Photoshop resources, and a maker
    /// note that contains a picture or is of an opaque kind. It also removes an iPhone note's
    /// entries about parts of the file that are not carried.
    ///
    /// - Returns: Whether no picture is left.
    static func erase(from tiff: inout TIFFStructure) -> Bool {
        guard let first = tiff.firstDirectory else { return false }
        let directories = reachable(from: first, in: tiff)
        let places = directories.flatMap { Self.places(in: $0, of: tiff) }
        let exifDirectories = entries(EXIFTag.exifDirectory, at: first, of: tiff).flatMap(
            tiff.numbers
        )
        var notes: [(start: Int, count: Int)] = []
        for directory in exifDirectories {
            for place in entries(EXIFTag.makerNote, at: directory, of: tiff).compactMap(tiff.place)
            where place.count > 4 {
                if mayHoldPicture(tiff.bytes[place]) {
                    notes.append((place.lowerBound, place.count))
                }
            }
            remove(EXIFTag.makerNote, at: directory, from: &tiff) { note, tiff in
                tiff.place(of: note).map { mayHoldPicture(tiff.bytes[$0]) } ?? true
            }
            for note in entries(EXIFTag.makerNote, at: directory, of: tiff) {
                if let place = tiff.place(of: note) { AppleNote.correct(at: place, in: &tiff) }
            }
        }
        for directory in [first] + exifDirectories {
            // The file's XMP is separate from EXIF and is rewritten there.
            for tag in [EXIFTag.xmp, EXIFTag.photoshop] {
                for entry in entries(tag, at: directory, of: tiff) {
                    if let place = tiff.extent(of: entry), place.count > 4 {
                        notes.append((place.lowerBound, place.count))
                    }
                }
                remove(tag, at: directory, from: &tiff) { _, _ in true }
            }
            remove(EXIFTag.subdirectories, at: directory, from: &tiff) { _, _ in true }
            if let link = tiff.link(behind: directory) { tiff.cut(linkAt: link) }
        }
        // Erase from the back, so that whatever lies at the end is cut off.
        for place in (places + notes).sorted(by: { $0.start > $1.start }) {
            tiff.erase(from: place.start, count: place.count)
        }
        return !EmbeddedPictures.areFound(in: tiff.bytes[...])
    }

    /// Returns the directories that may hold pictures, each once.
    ///
    /// These are the first one and every directory reachable by links and pointers.
    private static func reachable(from first: Int, in tiff: TIFFStructure) -> [Int] {
        var found: [Int] = []
        var waiting = [first]
        while let directory = waiting.popLast(), found.count < maxDirectories {
            guard !found.contains(directory) else { continue }
            found.append(directory)
            if let next = tiff.link(behind: directory).flatMap(tiff.long), next > 0 {
                waiting.append(next)
            }
            for tag in [EXIFTag.subdirectories, EXIFTag.exifDirectory] {
                waiting += entries(tag, at: directory, of: tiff).flatMap(tiff.numbers).prefix(
                    maxDirectories
                )
            }
        }
        return found
    }

    /// Removes the entries of a tag that satisfy a condition from a directory.
    private static func remove(
        _ tag: Int,
        at directory: Int,
        from tiff: inout TIFFStructure,
        where condition: (TIFFStructure.Entry, TIFFStructure) -> Bool
    ) {
        while let entry = entries(tag, at: directory, of: tiff).first(where: { condition($0, tiff) }
        ) {
            let count = tiff.short(at: directory)
            tiff.remove(entry, from: directory)
            // A truncated directory cannot be changed; whatever it leads to is erased all the same.
            guard tiff.short(at: directory) != count else { return }
        }
    }

    /// Returns the byte ranges of a directory's pictures.
    private static func places(
        in directory: Int,
        of tiff: TIFFStructure
    ) -> [(start: Int, count: Int)] {
        let pairs = [
            (EXIFTag.thumbnailOffset, EXIFTag.thumbnailCount),
            (EXIFTag.stripOffsets, EXIFTag.stripByteCounts),
            (EXIFTag.tileOffsets, EXIFTag.tileByteCounts),
        ]
        return pairs.flatMap { offsets, counts in
            zip(
                entries(offsets, at: directory, of: tiff).flatMap(tiff.numbers),
                entries(counts, at: directory, of: tiff).flatMap(tiff.numbers)
            ).map { (start: $0, count: $1) }
        }
    }

    private static func entries(
        _ tag: Int,
        at directory: Int,
        of tiff: TIFFStructure
    ) -> [TIFFStructure.Entry] {
        tiff.entries(at: directory)?.filter { $0.tag == tag } ?? []
    }

    /// Whether a maker note holds a picture or is one of Google's, which are opaque.
    private static func mayHoldPicture(_ note: ArraySlice<UInt8>) -> Bool {
        note.starts(with: "HDRP".utf8) || EmbeddedPictures.areFound(in: note)
    }
}
