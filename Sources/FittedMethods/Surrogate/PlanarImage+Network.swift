import Imaging

extension PlanarImage {
    /// The planes with 0 for every negative sample.
    var rectified: PlanarImage {
        var result = self
        for index in result.samples.indices where result.samples[index] < 0 {
            result.samples[index] = 0
        }
        return result
    }

    /// The mean of every channel.
    var channelMeans: [Float] {
        let pixels = width * height
        return (0..<channels).map { channel in
            samples[channel * pixels..<(channel + 1) * pixels].reduce(0, +) / Float(pixels)
        }
    }

    /// Returns the sums with planes of the same shape.
    func adding(_ other: PlanarImage) -> PlanarImage {
        var result = self
        for index in result.samples.indices { result.samples[index] += other.samples[index] }
        return result
    }

    /// Sets to 0 what a rectifier has not let through: where its output is not positive.
    mutating func keep(where output: PlanarImage) {
        for index in samples.indices where output.samples[index] <= 0 { samples[index] = 0 }
    }
}
