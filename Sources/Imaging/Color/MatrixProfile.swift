import Glibc

/// The chromaticities of a picture's primaries and white point (CIE 1931 x and y).
struct Chromaticities {
    struct Point {
        let x: Double
        let y: Double

        /// The colour in XYZ at luminance 1.
        var xyz: [Double] { [x / y, 1, (1 - x - y) / y] }
    }

    let red: Point
    let green: Point
    let blue: Point
    let white: Point

    static let d65 = Point(x: 0.3127, y: 0.3290)

    /// Adobe RGB (1998): "Adobe RGB (1998) Color Image Encoding", version 2005-05, 4.3.1.
    static let adobeRGB = Chromaticities(
        red: Point(x: 0.64, y: 0.33),
        green: Point(x: 0.21, y: 0.71),
        blue: Point(x: 0.15, y: 0.06),
        white: d65
    )

    /// Returns the primaries of an ITU-T H.273 code point, table 2; `nil` for those no still
    /// picture uses.
    static func ofPrimaries(_ codePoint: UInt8) -> Chromaticities? {
        func of(_ numbers: [Double], white: Point = d65) -> Chromaticities {
            Chromaticities(
                red: Point(x: numbers[0], y: numbers[1]),
                green: Point(x: numbers[2], y: numbers[3]),
                blue: Point(x: numbers[4], y: numbers[5]),
                white: white
            )
        }
        switch codePoint {
        case 1: return of([0.640, 0.330, 0.300, 0.600, 0.150, 0.060])
        case 5: return of([0.640, 0.330, 0.290, 0.600, 0.150, 0.060])
        case 6, 7: return of([0.630, 0.340, 0.310, 0.595, 0.155, 0.070])
        case 9: return of([0.708, 0.292, 0.170, 0.797, 0.131, 0.046])
        case 11:
            return of([0.680, 0.320, 0.265, 0.690, 0.150, 0.060], white: Point(x: 0.314, y: 0.351))
        case 12: return of([0.680, 0.320, 0.265, 0.690, 0.150, 0.060])
        case 22: return of([0.630, 0.340, 0.295, 0.605, 0.155, 0.077])
        default: return nil
        }
    }

    /// The primaries as a profile states them, relative to D50.
    ///
    /// They are adapted by the Bradford matrix (ICC.1:2010, annex E).
    var colorants: [[Double]] {
        let primaries = Matrix3(columns: [red.xyz, green.xyz, blue.xyz])
        let adaptation = Self.adaptation(from: white.xyz, to: Self.d50)
        let scales = primaries.inverse.times(white.xyz)
        return zip([red.xyz, green.xyz, blue.xyz], scales).map { color, scale in
            adaptation.times(color.map { $0 * scale })
        }
    }

    /// The white point of all profiles (ICC.1:2010, 7.2.16).
    static let d50 = [0.9642, 1, 0.8249]

    private static func adaptation(from: [Double], to: [Double]) -> Matrix3 {
        let bradford = Matrix3(columns: [
            [0.8951, -0.7502, 0.0389], [0.2664, 1.7135, -0.0685], [-0.1614, 0.0367, 1.0296],
        ])
        let (before, after) = (bradford.times(from), bradford.times(to))
        let scale = Matrix3(columns: [
            [after[0] / before[0], 0, 0], [0, after[1] / before[1], 0],
            [0, 0, after[2] / before[2]],
        ])
        return bradford.inverse.times(scale.times(bradford))
    }
}

/// The mapping from samples to linear light.
enum ToneCurve {
    /// An exponent as a profile stores it, times 256.
    case gamma(UInt16)
    /// The linear light, 0 to 1, at equally spaced sample values 0 to 1.
    case table([Double])

    /// Returns the curve of an ITU-T H.273 code point, table 3; `nil` for those no still picture
    /// uses.
    static func ofTransfer(_ codePoint: UInt8) -> ToneCurve? {
        switch codePoint {
        // The inverse of (1.099 light^0.45 - 0.099), with a linear segment near black.
        case 1, 6, 14, 15: sampled { $0 < 0.081 ? $0 / 4.5 : pow(($0 + 0.099) / 1.099, 1 / 0.45) }
        case 4: .gamma(563)
        case 5: .gamma(717)
        case 8: .gamma(256)
        case 13: sampled { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
        default: nil
        }
    }

    private static func sampled(_ light: (Double) -> Double) -> ToneCurve {
        .table((0...1023).map { light(Double($0) / 1023) })
    }
}

/// A matrix-based profile: three primaries and one curve, from published numbers (ICC.1:2001-04,
/// 6.3.1.2).
///
/// It uses version 2, which every viewer reads.
struct MatrixProfile {
    /// The profile's name as viewers display it.
    let name: String
    let chromaticities: Chromaticities
    let curve: ToneCurve

    /// A profile for Adobe RGB (1998) pictures whose files bring none.
    ///
    /// It is built from Adobe's publication ("Adobe RGB (1998) Color Image Encoding", version
    /// 2005-05): the primaries and the white point D65 (4.3.1), and the exponent 2 + 51/256, which
    /// is 563/256 (4.3.4.2). Under DCF 2.0 (CIPA DC-009, 3.3), cameras state the colour space in
    /// EXIF alone.
    static let adobeRGB = MatrixProfile(
        name: "Compatible with Adobe RGB (1998)",
        chromaticities: .adobeRGB,
        curve: .gamma(563)
    ).bytes

    /// The encoded profile.
    var bytes: [UInt8] {
        let colorants = chromaticities.colorants
        let tone = Self.tag(curve)
        var tags: [(name: String, data: [UInt8])] = [
            ("desc", Self.description(name)),
            ("cprt", Self.type("text") + Array("No copyright, use freely.\0".utf8)),
            // For a display, this is the device's own white point (ICC.1:2001-04, 6.4.25).
            ("wtpt", Self.tag(chromaticities.white.xyz)),
        ]
        for (name, colorant) in zip(["rXYZ", "gXYZ", "bXYZ"], colorants) {
            tags.append((name, Self.tag(colorant)))
        }
        for name in ["rTRC", "gTRC", "bTRC"] { tags.append((name, tone)) }
        var table: [UInt8] = Self.number(tags.count, 4)
        var data: [UInt8] = []
        var places: [[UInt8]: Int] = [:]
        let start = 128 + 4 + 12 * tags.count
        for tag in tags {
            // Equal tags, such as the three curves, share their data.
            let place = places[tag.data] ?? start + data.count
            if places[tag.data] == nil {
                places[tag.data] = place
                data += tag.data + [UInt8](repeating: 0, count: (4 - tag.data.count % 4) % 4)
            }
            table += Array(tag.name.utf8) + Self.number(place, 4) + Self.number(tag.data.count, 4)
        }
        return Self.header(count: start + data.count) + table + data
    }

    // MARK: - Parts

    private static func header(count: Int) -> [UInt8] {
        let version: [UInt8] = [2, 0x40, 0, 0]
        // A fixed date, so that equal pictures have equal profiles.
        let date = [2026, 11, 28, 0, 0, 0].flatMap { number($0, 2) }
        let head =
            number(count, 4) + [0, 0, 0, 0] + version + Array("mntrRGB XYZ ".utf8) + date
            + Array("acsp".utf8)
            + [UInt8](repeating: 0, count: 28)
        return head + Chromaticities.d50.flatMap(fixed) + [UInt8](repeating: 0, count: 48)
    }

    /// Encodes a description; only its ASCII part matters.
    private static func description(_ text: String) -> [UInt8] {
        type("desc") + number(text.utf8.count + 1, 4) + Array(text.utf8) + [0]
            + [UInt8](repeating: 0, count: 78)
    }

    private static func tag(_ xyz: [Double]) -> [UInt8] { type("XYZ ") + xyz.flatMap(fixed) }

    private static func tag(_ curve: ToneCurve) -> [UInt8] {
        switch curve {
        case .gamma(let gamma): type("curv") + number(1, 4) + number(Int(gamma), 2)
        case .table(let light):
            type("curv") + number(light.count, 4)
                + light.flatMap { number(Int(($0 * 65_535).rounded()), 2) }
        }
    }

    private static func type(_ name: String) -> [UInt8] { Array(name.utf8) + [0, 0, 0, 0] }

    /// Encodes a 16.16 fixed-point number.
    private static func fixed(_ value: Double) -> [UInt8] {
        number(Int((value * 65_536).rounded()), 4)
    }

    private static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
    }
}

/// A 3 × 3 matrix.
private struct Matrix3 {
    let columns: [[Double]]

    func times(_ vector: [Double]) -> [Double] {
        (0..<3).map { row in (0..<3).reduce(0) { $0 + columns[$1][row] * vector[$1] } }
    }

    func times(_ other: Matrix3) -> Matrix3 { Matrix3(columns: other.columns.map(times)) }

    var inverse: Matrix3 {
        func cross(_ a: [Double], _ b: [Double]) -> [Double] {
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        }
        let rows = [
            cross(columns[1], columns[2]), cross(columns[2], columns[0]),
            cross(columns[0], columns[1]),
        ]
        let determinant = zip(columns[0], rows[0]).reduce(0) { $0 + $1.0 * $1.1 }
        return Matrix3(columns: (0..<3).map { column in rows.map { $0[column] / determinant } })
    }
}
