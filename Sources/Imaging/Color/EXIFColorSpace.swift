/// The colour space stated by EXIF.
enum EXIFColorSpace: Equatable {
    case sRGB
    case adobeRGB

    /// Reads the colour space; `nil` if it is missing or another one.
    ///
    /// A camera marks Adobe RGB by two entries (DCF 2.0, 3.3; Exif 2.32, 4.6.7): the colour space
    /// "uncalibrated" and the interoperability index `R03`. Some programs write colour space 2
    /// instead, which is not in the standard.
    ///
    /// - Parameter exif: A TIFF structure, treated as hostile.
    init?(exif: [UInt8]) {
        guard let tiff = TIFFStructure(exif), let first = tiff.firstDirectory else { return nil }
        func entries(_ tag: Int, at directory: Int) -> [TIFFStructure.Entry] {
            tiff.entries(at: directory)?.filter { $0.tag == tag } ?? []
        }
        guard let directory = entries(EXIFTag.exifDirectory, at: first).first.flatMap(tiff.number)
        else { return nil }
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
