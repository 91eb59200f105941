/// Colours by the code points of ITU-T H.273 (also ISO/IEC 23091-2), for samples of RGB that use their whole range.
///
/// HEIC and AVIF tell them in their nclx box, and PNG in its cICP chunk (W3C PNG, third edition, 11.3.2.6).
public struct ColorCodePoints: Sendable, Equatable {
    /// The colour primaries (H.273, 8.1).
    public let primaries: UInt8
    /// The transfer characteristics (H.273, 8.2).
    public let transfer: UInt8

    /// The code points of sRGB.
    static let sRGB = ColorCodePoints(primaries: 1, transfer: 13)

    /// Takes code points; what is not told is taken for that of sRGB, as ISO/IEC 23000-22 (7.3.6.4) has it.
    init(primaries: UInt8, transfer: UInt8) {
        self.primaries = primaries == Self.unspecified ? 1 : primaries
        self.transfer = transfer == Self.unspecified ? 13 : transfer
    }

    /// The code point of what is not told.
    static let unspecified: UInt8 = 2

    /// Whether the samples are light of high dynamic range: PQ or HLG.
    var isHDR: Bool { transfer == 16 || transfer == 18 }

    /// Whether a viewer that takes the samples for sRGB shows nearly the same colours.
    var isNearSRGB: Bool {
        // The primaries of BT.709 and of the older television systems; the curves of television, and those that no picture uses.
        [1, 5, 6, 7, 22].contains(primaries) && ![4, 5, 8].contains(transfer)
    }

    /// A profile that says the same, for viewers that do not know code points.
    ///
    /// - Returns: `nil` where the primaries or the curve are none that pictures have.
    public var profile: [UInt8]? {
        guard let chromaticities = Chromaticities.ofPrimaries(primaries), let curve = ToneCurve.ofTransfer(transfer)
        else { return nil }
        let name =
            self == ColorCodePoints(primaries: 12, transfer: 13)
            ? "Compatible with Display P3" : "ITU-T H.273 primaries \(primaries), transfer \(transfer)"
        return MatrixProfile(name: name, chromaticities: chromaticities, curve: curve).bytes
    }
}
