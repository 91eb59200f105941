extension ClassLabel {
    /// The name of the class's folder, in an archive and in an output folder; at most 255 bytes.
    ///
    /// It is the label itself where every common file system accepts that. Only what one of them
    /// forbids is percent-encoded: `<>:"|?*`, a final dot, the first character of a Windows device
    /// name or of a name used beside the class folders, and a percent sign followed by two
    /// hexadecimal digits. Percent-decoding therefore restores the label, and two labels never have
    /// the same name. Where case is ignored, ``OutputNames`` keeps their pictures apart.
    public var folderName: String {
        let name = folder(encodesFirst: false)
        let isTaken = FileNames.isDevice(name) || Self.reserved.contains(FileNames.folded(name))
        return isTaken ? folder(encodesFirst: true) : name
    }

    /// The names used beside the class folders, as returned by ``FileNames/folded(_:)``.
    ///
    /// `index.html` is reserved because an output folder may be published as a web site.
    private static let reserved: Set<String> = Set(
        [
            "manifest.json", "manifest.json.sig", "SHA256SUMS", "index.html",
            "palimpsest-classes.json", "palimpsest-jobs.json", "palimpsest-manifests",
        ].map(FileNames.folded)
    )

    /// Returns the label with the necessary characters percent-encoded (RFC 3986 section 2.1).
    private func folder(encodesFirst: Bool) -> String {
        let scalars = Array(text.unicodeScalars)
        var name = ""
        for (place, scalar) in scalars.enumerated() {
            let isEncoded =
                switch scalar {
                case _ where place == 0 && encodesFirst: true
                case "%": Self.beginWithHexadecimalByte(scalars[(place + 1)...])
                case ".": place == scalars.count - 1
                default: FileNames.forbidden.contains(scalar)
                }
            guard isEncoded else {
                name.unicodeScalars.append(scalar)
                continue
            }
            for byte in String(scalar).utf8 {
                name += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return name
    }

    private static func beginWithHexadecimalByte(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        let digits = scalars.prefix(2)
        return digits.count == 2 && digits.allSatisfy(\.properties.isASCIIHexDigit)
    }
}
