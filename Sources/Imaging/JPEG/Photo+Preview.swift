extension Photo {
    /// Encodes a small JPEG of the photo, without its transparency.
    ///
    /// - Parameter longSide: The longer side in pixels; a smaller photo keeps its size.
    /// - Returns: The file, with the photo's ICC profile.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/encodingFailed``.
    public func preview(longSide: Int = 512) throws(ImagingError) -> [UInt8] {
        let size = size(fitting: longSide)
        // A gray profile does not fit three planes.
        let profile = layout.colorChannels == 3 ? iccProfile : nil
        return try JPEGEncoder.encode(
            planarRGB(scaledTo: size.width, height: size.height),
            iccProfile: profile
        )
    }
}
