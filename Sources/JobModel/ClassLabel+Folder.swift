extension ClassLabel {
    /// The folder of the class's pictures, in an archive and in a folder of results.
    ///
    /// It is the label itself wherever every common file system takes that. What one forbids is percent-encoded, and nothing
    /// else: `<>:"|?*`, a dot at the end, the first character of a name that Windows keeps for a device or that a file beside
    /// the classes has, and a percent sign that two hexadecimal digits follow. So percent-decoding gives the label back, and
    /// two labels never have one name. Where case does not count, ``OutputNames`` keeps their pictures apart.
    ///
    /// At most 255 bytes.
    public var folderName: String {
        let name = folder(encodesFirst: false)
        let isTaken = FileNames.isDevice(name) || Self.reserved.contains(FileNames.folded(name))
        return isTaken ? folder(encodesFirst: true) : name
    }

    /// The names of files and folders that stand beside the classes', as ``FileNames/folded(_:)`` has them.
    ///
    /// `index.html` is kept free, since a folder of results may be published as it is.
    private static let reserved: Set<String> = Set(
        [
            "manifest.json", "manifest.json.sig", "SHA256SUMS", "index.html",
            "palimpsest-classes.json",
            "palimpsest-jobs.json", "palimpsest-manifests",
        ].map(FileNames.folded)
    )

    /// The label, with what must be percent-encoded (RFC 3986 section 2.1).
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
