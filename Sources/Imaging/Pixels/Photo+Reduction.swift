extension Photo {
    /// Returns the photo as a lossy format can hold it: 8 bits per sample, transparency only where
    /// the format has it, and colours stated by nothing but a profile.
    ///
    /// - 16 bits are rounded to 8.
    /// - Alpha that is opaque throughout is dropped. For JPEG, other alpha is flattened on white,
    ///   which is what a page shows behind most pictures.
    /// - PNG's code points, gamma and chromaticities go; the profile stays. A gray profile does not
    ///   fit WebP, which has no gray.
    ///
    /// What the picture loses by that is in ``sampleOmissions`` and ``colorOmissions``.
    ///
    /// - Parameter format: ``ImageFormat/jpeg`` or ``ImageFormat/webp``; for others the photo is
    ///   returned as it is.
    /// - Returns: The photo.
    public func reduced(to format: ImageFormat) -> Photo {
        guard format == .jpeg || format == .webp else { return self }
        var photo = inEightBits()
        if photo.layout.hasAlpha {
            if photo.isOpaque {
                photo = photo.flattened()
            } else if format == .jpeg {
                photo = photo.flattened()
                photo.sampleOmissions.append(Omission(.alpha, .flattenedOnWhite))
            }
        }
        if let codePoints = photo.codePoints {
            photo.codePoints = nil
            if photo.iccProfile == nil, !codePoints.isNearSRGB {
                photo.colorOmissions.append(Omission(.codePoints, .notCarried))
            }
        }
        if photo.colorimetry != nil {
            photo.colorimetry = nil
            photo.colorOmissions.append(Omission(.colorimetry, .notCarried))
        }
        if format == .webp, photo.layout.colorChannels == 1, photo.iccProfile != nil {
            photo.iccProfile = nil
            photo.colorOmissions.append(Omission(.iccProfile, .wrongColorSpace))
        }
        return photo
    }

    /// Drops metadata that does not fit a JPEG's segments, which hold 64 KiB each.
    public mutating func fitMetadata(to format: ImageFormat) {
        guard format == .jpeg else { return }
        if metadata.exif != nil, JPEGEncoder.segment(.exif, metadata.exif).isEmpty {
            metadata.exif = nil
            metadata.omissions.append(Omission(.exif, .tooLarge))
        }
        if metadata.xmp != nil, JPEGEncoder.segment(.xmp, metadata.xmp).isEmpty {
            metadata.xmp = nil
            metadata.omissions.append(Omission(.xmp, .tooLarge))
        }
    }

    /// Returns the photo in RGB or RGBA; gray is repeated in all three channels.
    public func inColor() -> Photo {
        guard layout.colorChannels == 1 else { return self }
        let channels = layout.channels * depth.byteCount
        var colored: [UInt8] = []
        colored.reserveCapacity(samples.count * 3)
        for pixel in stride(from: 0, to: samples.count, by: channels) {
            let gray = samples[pixel..<pixel + depth.byteCount]
            for _ in 0..<3 { colored += gray }
            colored += samples[pixel + depth.byteCount..<pixel + channels]
        }
        return with(samples: colored, layout: layout.hasAlpha ? .rgba : .rgb)
    }

    // MARK: - Steps

    private func inEightBits() -> Photo {
        guard depth == .sixteen else { return self }
        var reduced: [UInt8] = []
        reduced.reserveCapacity(samples.count / 2 + height)
        for place in stride(from: 0, to: samples.count, by: 2) {
            let sample = Int(samples[place]) << 8 | Int(samples[place + 1])
            reduced.append(UInt8((sample + 128) / 257))
        }
        var photo = with(samples: reduced, depth: .eight)
        photo.sampleOmissions.append(Omission(.sampleDepth, .notCarried))
        return photo
    }

    /// Whether no pixel of this 8-bit photo is transparent.
    private var isOpaque: Bool {
        let channels = layout.channels
        return stride(from: channels - 1, to: samples.count, by: channels).allSatisfy {
            samples[$0] == 255
        }
    }

    /// Returns this 8-bit photo on white, without alpha.
    private func flattened() -> Photo {
        let channels = layout.channels
        var flat: [UInt8] = []
        flat.reserveCapacity(samples.count / channels * (channels - 1) + height)
        for pixel in stride(from: 0, to: samples.count, by: channels) {
            let alpha = Int(samples[pixel + channels - 1])
            for sample in samples[pixel..<pixel + channels - 1] {
                flat.append(UInt8((Int(sample) * alpha + 255 * (255 - alpha) + 127) / 255))
            }
        }
        return with(samples: flat, layout: layout.colorChannels == 1 ? .gray : .rgb)
    }
}
