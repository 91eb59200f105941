import Imaging

extension PlanarImage {
    /// Enlarges a change so that the soft bound without a mask, `x / sqrt(1 + (x / bound)^2)`, gives
    /// it back; under the mask of photos its budget limits the change.
    ///
    /// - Parameter bound: The largest change, 1 being the range of a sample. Beyond 0.99 of it there
    ///   is nothing to give back.
    mutating func undoSoftBound(_ bound: Float) {
        for index in samples.indices {
            let ratio = min(abs(samples[index]) / bound, 0.99)
            samples[index] /= (1 - ratio * ratio).squareRoot()
        }
    }
}
