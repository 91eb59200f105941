import Imaging
import Methods
import Testing

@testable import FittedMethods

/// The engine's surrogate against PyTorch's.
@Suite struct SurrogateNetworkTests {
    private static let sizes = ["16x16", "32x24", "17x23", "5x9"]

    private func network() throws -> SurrogateNetwork {
        try SurrogateNetwork(Fixtures.named("sem.safetensors"), classes: 3)
    }

    private func picture(_ size: String, of golden: SafetensorsFile) throws -> PlanarImage {
        let shape = try #require(golden.tensors["picture_\(size)"]).shape
        return PlanarImage(
            width: shape[2],
            height: shape[1],
            channels: 3,
            samples: try golden.elements("picture_\(size)")
        )
    }

    @Test(arguments: sizes)
    func `logits, loss and gradient are PyTorch's to 1e-4`(size: String) throws {
        let golden = try Fixtures.named("sem-golden.safetensors")
        let (network, picture) = (try network(), try picture(size, of: golden))
        let logits = network.logits(of: picture)
        for (found, wanted) in zip(logits, try golden.elements("logits_\(size)")) {
            #expect(abs(found - wanted) < 1e-4)
        }
        let (loss, gradient) = network.gradient(of: 1, at: picture)
        #expect(try abs(loss - golden.elements("loss_\(size)")[0]) < 1e-4)
        let wanted = try golden.elements("gradient_\(size)")
        #expect(gradient.samples.count == wanted.count)
        let largest = wanted.map(abs).max() ?? 0
        #expect(largest > 1e-5)
        for (found, wanted) in zip(gradient.samples, wanted) {
            #expect(abs(found - wanted) < 1e-4 * largest)
        }
    }

    @Test func `the gradient is the slope of the loss`() throws {
        let network = try network()
        var picture = Fixtures.picture(width: 12, height: 10)
        for index in picture.samples.indices { picture.samples[index] -= 0.5 }
        let gradient = network.gradient(of: 2, at: picture).gradient
        // Along the gradient, where the slope is steepest and rounding matters least.
        let length = gradient.samples.reduce(0) { $0 + $1 * $1 }.squareRoot()
        func loss(_ step: Float) -> Float {
            var moved = picture
            for index in moved.samples.indices {
                moved.samples[index] += step * gradient.samples[index] / length
            }
            return network.gradient(of: 2, at: moved).loss
        }
        let slope = (loss(0.2) - loss(-0.2)) / 0.4
        #expect(abs(slope - length) < 0.05 * length)
    }
}
