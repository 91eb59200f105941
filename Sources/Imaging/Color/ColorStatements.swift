/// Everything a file says about its picture's colours, before deciding which statement counts.
struct ColorStatements {
    /// An ICC profile as found in the file.
    enum Profile {
        /// The profile's bytes.
        case stored([UInt8])
        /// The reason why the file's profile cannot be used.
        case unusable(Omission.Reason)
    }

    /// The code points, unless they are unspecified.
    var codePoints: ColorCodePoints?
    /// The ICC profile.
    var profile: Profile?
    /// Whether the file explicitly declares sRGB.
    var saysSRGB = false
    /// The gamma and the chromaticities.
    var colorimetry: Colorimetry?
    /// The colour space in EXIF.
    var exif: EXIFColorSpace?
    /// The statements that cannot be used.
    var omissions: [Omission] = []

    /// Whether a profile takes precedence over code points.
    ///
    /// It does in HEIF (ISO/IEC 23008-12, 6.5.5), but not in PNG.
    var profileIsFirst = false

    /// Decides which statement counts.
    ///
    /// The order is code points, profile, sRGB, gamma and chromaticities, EXIF (W3C PNG, third
    /// edition, 4.3). A PNG with both code points and a profile keeps both, since not every viewer
    /// knows code points.
    ///
    /// - Parameters:
    ///   - samples: The kind of samples that the picture has.
    ///   - limits: Bounds the length of a profile.
    /// - Returns: The colours.
    /// - Throws: ``ImagingError`` with ``ImagingError/Code/unsupported`` for colours that the
    ///   output PNG cannot express, such as HDR.
    func colors(
        for samples: ICCProfile.Samples,
        limits: ImageLimits
    ) throws(ImagingError) -> PhotoColors {
        var colors = PhotoColors(omissions: omissions)
        if codePoints?.isHDR == true {
            throw ImagingError(
                .unsupported,
                "The picture is one of high dynamic range (HDR); send it as sRGB."
            )
        }
        colors.iccProfile = sound(&colors.omissions, samples, limits)
        if let codePoints, colors.iccProfile == nil || !profileIsFirst {
            colors.codePoints = codePoints
            if colors.iccProfile == nil, !codePoints.isNearSRGB {
                guard let profile = codePoints.profile else { throw Self.unknown(codePoints) }
                // An RGB profile does not fit gray samples.
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
            // 256/563, times 100,000.
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

/// A picture's colours, in the form in which the output PNG states them.
struct PhotoColors: Equatable {
    /// The ICC profile.
    var iccProfile: [UInt8]?
    /// The code points, which take precedence over a profile.
    var codePoints: ColorCodePoints?
    /// The gamma and the chromaticities, if there is neither code points nor profile.
    var colorimetry: Colorimetry?
    /// Whether EXIF alone states the colours.
    var isByEXIF = false
    /// The statements that could not be used.
    var omissions: [Omission] = []
}

extension PixelLayout {
    /// The kind of samples that a profile must be for.
    var profileSamples: ICCProfile.Samples { colorChannels == 1 ? .gray : .rgb }
}
