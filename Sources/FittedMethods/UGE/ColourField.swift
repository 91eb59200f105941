import Imaging
import Methods

/// A direction of colour for each tile of a picture: the key of ungeneralizable examples.
///
/// All changes of a picture lie along the field. A learner that leaves this direction out of every
/// pixel sees nothing of them; `methods.uge.field` in `Training` has the same field.
struct ColourField: Sendable {
    /// The tensors of a weights file that hold the directions, and the carrier.
    static let tensor = "field"
    static let carrierTensor = "carrier"
    /// The most tiles along a side.
    static let maxTiles = 64

    /// The colour whose change is carried: the same in all tiles, so that patterns cross them.
    private let carrier: SIMD3<Float>
    /// The number of tiles along each side.
    private let tiles: Int
    /// Unit vectors of red, green and blue, tile by tile in row-major order.
    private let directions: [SIMD3<Float>]

    /// Reads the tensors `field`, (tiles, tiles, 3), and `carrier`, (3), all of unit vectors.
    ///
    /// - Throws: `WeightsError`.
    init(_ weights: SafetensorsFile) throws(WeightsError) {
        let shape = weights.tensors[Self.tensor]?.shape ?? []
        guard shape.count == 3, shape[0] == shape[1], 1...Self.maxTiles ~= shape[0], shape[2] == 3
        else {
            throw WeightsError(
                .mismatched,
                "the tensor \(Self.tensor) does not hold 3 numbers for each of at most "
                    + "\(Self.maxTiles) x \(Self.maxTiles) tiles"
            )
        }
        tiles = shape[0]
        directions = try Self.unitVectors(in: weights, named: Self.tensor, shape: shape)
        carrier = try Self.unitVectors(in: weights, named: Self.carrierTensor, shape: [3])[0]
    }

    private static func unitVectors(
        in weights: SafetensorsFile,
        named name: String,
        shape: [Int]
    ) throws(WeightsError) -> [SIMD3<Float>] {
        let values = try weights.values(named: name, shape: shape)
        let vectors = stride(from: 0, to: values.count, by: 3).map { start in
            SIMD3(values[start], values[start + 1], values[start + 2])
        }
        guard vectors.allSatisfy({ abs(($0 * $0).sum() - 1) < 1e-3 }) else {
            throw WeightsError(
                .unsupported,
                "the tensor \(name) has a direction that is not of length 1"
            )
        }
        return vectors
    }

    /// Moves the part of a change that lies along the carrier to the field's directions.
    ///
    /// Each pixel is softly bounded as a whole, so that it stays in the field.
    ///
    /// - Parameters:
    ///   - change: Three planes, of any magnitude; 1 is the range of a sample.
    ///   - gain: What the carried part is multiplied by before it is bounded.
    ///   - bound: What no sample of the result exceeds.
    func carry(_ change: inout PlanarImage, gain: Float, within bound: Float) {
        let (width, height) = (change.width, change.height)
        for y in 0..<height {
            for x in 0..<width {
                let direction = directions[y * tiles / height * tiles + x * tiles / width]
                let places = SIMD3(0, 1, 2) &* (width * height) &+ (y * width + x)
                var colour = SIMD3<Float>()
                for channel in 0..<3 { colour[channel] = change.samples[places[channel]] }
                let along = gain * (colour * carrier).sum()
                let largest = max(abs(direction.x), abs(direction.y), abs(direction.z))
                let excess = along * largest / bound
                let bounded = along / (1 + excess * excess).squareRoot() * direction
                for channel in 0..<3 { change.samples[places[channel]] = bounded[channel] }
            }
        }
    }
}
