/// The colour space that EXIF tells.
enum EXIFColorSpace: Equatable {
    case sRGB
    case adobeRGB

    /// Reads it; `nil` where it is not told, or told to be something else.
    ///
    /// A camera tells Adobe RGB by two entries (DCF 2.0, 3.3; Exif 2.32, 4.6.7): it calls the samples uncalibrated, and names the rule `R03` for
    /// interoperability. Some programs write the colour space 2 instead, which is not in the standard.
    ///
    /// - Parameter exif: A TIFF structure, taken for hostile.
    init?(exif: [UInt8]) {
        guard let tiff = TIFFStructure(exif), let first = tiff.firstDirectory else { return nil }
        func entries(_ tag: Int, at directory: Int) -> [TIFFStructure.Entry] {
            tiff.entries(at: directory)?.filter { $0.tag == tag } ?? []
        }
        guard let directory = entries(EXIFTag.exifDirectory, at: first).first.flatMap(tiff.number) else { return nil }
        let colorSpace = entries(EXIFTag.colorSpace, at: directory).first.flatMap(tiff.number)
        let rule = entries(EXIFTag.interoperability, at: directory).first.flatMap(tiff.number)
            .flatMap { entries(EXIFTag.interoperabilityIndex, at: $0).first }.flatMap(tiff.text)
        switch (colorSpace, rule.map { Array($0) }) {
        case (1, _): self = .sRGB
        case (2, _), (_, Array("R03".utf8)): self = .adobeRGB
        default: return nil
        }
    }
}
