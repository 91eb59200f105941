import Glibc

/// How the arrivals of a day spread over its hours: one smooth peak, with a mean of 1.
///
/// The shape is that of a von Mises distribution over the clock's face. Its one parameter follows
/// from the height of the peak.
package struct DayCurve: Sendable {
    /// The largest value.
    package let peak: Double
    /// When the peak is.
    package let peakAt: Microseconds
    private let sharpness: Double

    /// Creates a curve with a peak of `peak`, at least 1, times the mean.
    package init(peak: Double, peakAt: Microseconds) {
        self.peak = peak
        self.peakAt = peakAt
        var (low, high) = (0.0, 50.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if Self.mean(middle) * peak > 1 { low = middle } else { high = middle }
        }
        sharpness = peak > 1 ? (low + high) / 2 : 0
    }

    /// The arrivals at a moment, as a multiple of the day's mean.
    package func value(at time: Microseconds) -> Double {
        let angle = 2 * Double.pi * Double(time - peakAt) / Double(Microseconds.day)
        return peak * exp(sharpness * (cos(angle) - 1))
    }

    /// The mean of the curve whose peak is 1.
    private static func mean(_ sharpness: Double) -> Double {
        let steps = 1440
        return (0..<steps).reduce(0) { sum, step in
            sum + exp(sharpness * (cos(2 * Double.pi * Double(step) / Double(steps)) - 1))
        } / Double(steps)
    }
}
