/// A picture of floating-point samples, stored plane by plane.
///
/// This is the network's input and output. The sample of channel `c` at column `x` of row `y` is
/// `samples[(c * height + y) * width + x]`. Nominal samples lie in [0, 1]; differences and network
/// outputs may lie outside. Nothing here clamps.
public struct PlanarImage: Sendable, Equatable {
    /// Columns, at least 1.
    public let width: Int

    /// Rows, at least 1.
    public let height: Int

    /// Planes, at least 1.
    public let channels: Int

    /// The samples, `channels * height * width` of them, channel-major.
    ///
    /// Its count must not be changed.
    public var samples: [Float]

    /// Creates an image from samples.
    ///
    /// - Precondition: The sizes are positive and `samples` has exactly `channels * height * width`
    ///   elements.
    public init(width: Int, height: Int, channels: Int, samples: [Float]) {
        precondition(width > 0 && height > 0 && channels > 0, "an image has at least one sample")
        precondition(samples.count == channels * height * width, "as many samples as the sizes say")
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    /// Creates an image with the same value everywhere.
    ///
    /// - Precondition: The sizes are positive.
    public init(width: Int, height: Int, channels: Int, repeating value: Float) {
        self.init(
            width: width,
            height: height,
            channels: channels,
            samples: [Float](repeating: value, count: channels * height * width)
        )
    }
}
