/// Sine and cosine with identical bits on every machine.
///
/// The C library's results differ in the last place between versions and processors, but the hash
/// of a semantic image must not. This code uses only additions and multiplications, which IEEE 754
/// defines exactly and Swift does not fuse.
enum PortableSine {
    /// Returns the sine and the cosine of an angle.
    ///
    /// - Parameter angle: The angle in radians, between -1e6 and 1e6.
    /// - Returns: Both with an error below 1e-15.
    static func both(_ angle: Double) -> (sine: Double, cosine: Double) {
        // Range reduction by Cody and Waite: pi/2 in three parts, of which the first two multiply
        // exactly.
        let turns = (angle * 0x1.45f306dc9c883p-1).rounded(.toNearestOrEven)
        let rest =
            angle - turns * 0x1.921fb54p+0 - turns * 0x1.10b46118p-30 - turns * 0x1.313198a2e037p-61
        let (sine, cosine) = (taylor(rest, sines) * rest, taylor(rest, cosines))
        switch Int(turns) & 3 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    /// Evaluates an even power series at x by Horner's method, highest power first.
    private static func taylor(_ x: Double, _ coefficients: [Double]) -> Double {
        let square = x * x
        return coefficients.reduce(0) { $0 * square + $1 }
    }

    /// (-1)^k / (2k+1)! for k from 8 down to 0: an error below 1e-17 up to pi/4.
    private static let sines = series(from: 17)
    /// (-1)^k / (2k)! for k from 8 down to 0.
    private static let cosines = series(from: 16)

    private static func series(from highest: Int) -> [Double] {
        stride(from: highest, through: 0, by: -2).map { power in
            let factorial = (1...max(1, power)).reduce(1.0) { $0 * Double($1) }
            return (power / 2 % 2 == 0 ? 1 : -1) / factorial
        }
    }
}
