/// Errors for valid HEIC and AVIF files that no decoder here can read.
enum HEIFUnsupported {
    /// Descriptions of unreadable item types.
    private static let kinds = [
        "avc1": "AVC (H.264)", "evc1": "EVC", "vvc1": "VVC (H.266)", "jpeg": "JPEG in a HEIF",
        "j2k1": "JPEG 2000 in a HEIF",
        "unci": "uncompressed samples", "lhv1": "layered HEVC", "hvt1": "single tiles of HEVC",
        "tili": "tiles of its own kind",
        "tmap": "a map of tones", "mski": "a mask",
    ]

    /// Returns the error for an item that cannot be decoded.
    ///
    /// - Parameter type: The four-character code, echoed only if it is known.
    /// - Returns: The error.
    static func item(of type: String) -> ImagingError {
        let kind = kinds[type].map { "\($0) (\(type))" } ?? "something that is not known here"
        return ImagingError(
            .unsupported,
            "The picture is stored as \(kind), and HEVC and AV1 are read; send it as JPEG, PNG or an ordinary HEIC."
        )
    }

    /// An unknown essential property.
    static let property = ImagingError(
        .unsupported,
        "The picture has an essential property that is not supported; send it as JPEG or PNG."
    )

    /// One of several layers.
    static let layers = ImagingError(
        .unsupported,
        "The picture has several layers, which are not supported; send it as JPEG or PNG."
    )

    /// Alpha that does not match the whole picture exactly.
    static let alpha = ImagingError(
        .unsupported,
        "The picture's transparency differs from it in size or rotation, or is only one of its parts; send it as PNG."
    )

    /// Colours premultiplied by alpha.
    static let premultiplied = ImagingError(
        .unsupported,
        "The picture's colours are multiplied by its alpha, which is not read."
    )
}
