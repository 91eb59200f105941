/// What a file says of its picture's colours, wherever it says it, before it is decided what counts.
struct ColorStatements {
    /// A profile as a file stores it.
    enum Profile {
        /// Its bytes.
        case stored([UInt8])
        /// Why there are none, though the file has one.
        case unusable(Omission.Reason)
    }

    /// By code points, unless they tell nothing.
    var codePoints: ColorCodePoints?
    /// By an ICC profile.
    var profile: Profile?
    /// Whether the file says in so many words that it is sRGB.
    var saysSRGB = false
    /// By exponent and chromaticities.
    var colorimetry: Colorimetry?
    /// By EXIF.
    var exif: EXIFColorSpace?
    /// What of the statements cannot be used.
    var omissions: [Omission] = []

    /// Whether a profile counts for more than code points: so in HEIF (ISO/IEC 23008-12, 6.5.5), but not in PNG.
    var profileIsFirst = false

    /// Decides what counts: code points, a profile, sRGB, exponent and chromaticities, EXIF, in this order (W3C PNG, third edition, 4.3).
    ///
    /// What a PNG says twice stays twice, since not every viewer knows code points.
    ///
    /// - Parameters:
    ///   - samples: What the picture has.
    ///   - limits: How long a profile may be.
    /// - Returns: What counts.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/unsupported`` for colours that a PNG here cannot say, such as HDR.
    func colors(for samples: ICCProfile.Samples, limits: ImageLimits) throws(ImagingError) -> PhotoColors {
        var colors = PhotoColors(omissions: omissions)
        if codePoints?.isHDR == true {
            throw ImagingError(.unsupported, "The picture is one of high dynamic range (HDR); send it as sRGB.")
        }
        colors.iccProfile = sound(&colors.omissions, samples, limits)
        if let codePoints, colors.iccProfile == nil || !profileIsFirst {
            colors.codePoints = codePoints
            if colors.iccProfile == nil, !codePoints.isNearSRGB {
                guard let profile = codePoints.profile else { throw Self.unknown(codePoints) }
                // A profile of colours does not fit gray.
                if samples == .rgb { colors.iccProfile = profile }
            }
            return colors
        }
        if colors.iccProfile != nil || saysSRGB { return colors }
        if let colorimetry {
            colors.colorimetry = colorimetry
        } else if exif == .adobeRGB {
            colors.isByEXIF = true
            switch samples {
            case .rgb: colors.iccProfile = MatrixProfile.adobeRGB
            // 256/563 of 100,000.
            case .gray: colors.colorimetry = Colorimetry(gamma: 45_471, chromaticities: nil)
            case .cmyk: colors.isByEXIF = false
            }
        }
        return colors
    }

    private func sound(
        _ omissions: inout [Omission],
        _ samples: ICCProfile.Samples,
        _ limits: ImageLimits
    ) -> [UInt8]? {
        switch profile {
        case nil: return nil
        case .unusable(let reason):
            omissions.append(Omission(.iccProfile, reason))
            return nil
        case .stored(let bytes):
            do throws(ICCProfile.Fault) {
                guard bytes.count <= limits.maxICCBytes else { throw ICCProfile.Fault(.tooLarge) }
                return try ICCProfile(bytes, for: samples).bytes
            } catch {
                omissions.append(Omission(.iccProfile, error.reason))
                return nil
            }
        }
    }

    private static func unknown(_ codePoints: ColorCodePoints) -> ImagingError {
        ImagingError(
            .unsupported,
            "The picture's colours go beyond sRGB (ITU-T H.273 primaries \(codePoints.primaries), transfer "
                + "\(codePoints.transfer)) and it has no profile that could be kept; give it one, or convert it to sRGB."
        )
    }
}

/// What a picture's colours are, as the PNG that is made of it says it.
struct PhotoColors: Equatable {
    /// The ICC profile.
    var iccProfile: [UInt8]?
    /// The code points, which count for more than a profile.
    var codePoints: ColorCodePoints?
    /// The exponent and the chromaticities, where there is neither.
    var colorimetry: Colorimetry?
    /// Whether nothing but EXIF told it.
    var isByEXIF = false
    /// What could not be used.
    var omissions: [Omission] = []
}

extension PixelLayout {
    /// What a profile must be for.
    var profileSamples: ICCProfile.Samples { colorChannels == 1 ? .gray : .rgb }
}
