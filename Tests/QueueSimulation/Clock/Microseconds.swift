/// Moments of the virtual clock, counted from the day's begin, and spans between them.
package typealias Microseconds = Int64

extension Microseconds {
    /// One hour.
    package static let hour: Microseconds = 3_600_000_000
    /// One day.
    package static let day = 24 * hour

    /// A span of seconds, rounded to the microsecond.
    package static func seconds(_ seconds: Double) -> Microseconds {
        Microseconds((seconds * 1_000_000).rounded())
    }

    /// The span in seconds.
    package var inSeconds: Double { Double(self) / 1_000_000 }
    /// The span in whole milliseconds, the unit of the product's clock.
    var inMilliseconds: Int64 { self / 1000 }
}
