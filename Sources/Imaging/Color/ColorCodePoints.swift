/// A colour space as code points of ITU-T H.273 (ISO/IEC 23091-2), for full-range RGB.
///
/// HEIC and AVIF store them in the nclx box, PNG in the cICP chunk (W3C PNG, third edition,
/// 11.3.2.6).
public struct ColorCodePoints: Sendable, Equatable {
    /// The colour primaries (H.273, 8.1).
    public let primaries: UInt8
    /// The transfer characteristics (H.273, 8.2).
    public let transfer: UInt8

    /// The code points of sRGB.
    static let sRGB = ColorCodePoints(primaries: 1, transfer: 13)

    /// Creates code points; unspecified ones default to sRGB's, as ISO/IEC 23000-22 (7.3.6.4)
    /// requires.
    init(primaries: UInt8, transfer: UInt8) {
        self.primaries = primaries == Self.unspecified ? 1 : primaries
        self.transfer = transfer == Self.unspecified ? 13 : transfer
    }

    /// The code point for "unspecified".
    static let unspecified: UInt8 = 2

    /// Whether the transfer is a high-dynamic-range one: PQ or HLG.
    var isHDR: Bool { transfer == 16 || transfer == 18 }

    /// Whether a viewer that assumes sRGB shows nearly the same colours.
    var isNearSRGB: Bool {
        // The primaries of BT.709 and the older television systems. Every curve will do but gamma
        // 2.2, gamma 2.8 and linear: the rest are television's, or used by no picture.
        [1, 5, 6, 7, 22].contains(primaries) && ![4, 5, 8].contains(transfer)
    }

    /// An equivalent ICC profile, for viewers that do not know code points.
    ///
    /// - Returns: The profile, or `nil` if no still picture uses the primaries or the curve.
    public var profile: [UInt8]? {
        guard let chromaticities = Chromaticities.ofPrimaries(primaries),
            let curve = ToneCurve.ofTransfer(transfer)
        else { return nil }
        let name =
            self == ColorCodePoints(primaries: 12, transfer: 13)
            ? "Compatible with Display P3"
            : "ITU-T H.273 primaries \(primaries), transfer \(transfer)"
        return MatrixProfile(name: name, chromaticities: chromaticities, curve: curve).bytes
    }
}
