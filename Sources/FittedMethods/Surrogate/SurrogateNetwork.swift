import Glibc
import Imaging

/// A small residual classifier, and the gradient of its loss by the picture.
///
/// A stem of one convolution; stages of two convolutions with a shortcut, the first of which may
/// halve the size; the mean of every channel; a linear layer. A rectifier follows the stem and every
/// sum. Pictures are three channels in [-0.5, 0.5], of any size. `learners.NarrowResNet` in
/// `Training` is the reference.
struct SurrogateNetwork: Sendable {
    /// conv1, conv2, and the shortcut where the shape changes.
    struct Stage: Sendable {
        let first: Convolution
        let second: Convolution
        let shortcut: Convolution?
    }

    let stem: Convolution
    let stages: [Stage]
    /// (classes, channels).
    let head: [Float]
    let headBias: [Float]

    /// Returns the cross-entropy of a class, and its gradient by every sample of the picture.
    func gradient(of label: Int, at picture: PlanarImage) -> (loss: Float, gradient: PlanarImage) {
        let trace = Trace(of: self, at: picture)
        let (loss, slopes) = Self.crossEntropy(trace.logits, label)
        return (loss, trace.gradient(slopes, of: self, at: picture))
    }

    /// Returns the logits of a picture.
    func logits(of picture: PlanarImage) -> [Float] { Trace(of: self, at: picture).logits }

    /// The loss of the class, and its gradient by the logits: softmax less one for the class.
    private static func crossEntropy(
        _ logits: [Float],
        _ label: Int
    ) -> (loss: Float, slopes: [Float]) {
        let largest = logits.max() ?? 0
        let exponentials = logits.map { exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        var slopes = exponentials.map { $0 / sum }
        let loss = -log(max(slopes[label], .leastNormalMagnitude))
        slopes[label] -= 1
        return (loss, slopes)
    }
}

/// What a forward pass leaves for the backward pass.
private struct Trace {
    /// The stem's and every stage's output, after the rectifier.
    private var outputs: [PlanarImage]
    /// Every stage's output of its first convolution, after the rectifier.
    private var middles: [PlanarImage] = []
    let logits: [Float]

    init(of network: SurrogateNetwork, at picture: PlanarImage) {
        outputs = [network.stem.forward(picture).rectified]
        for stage in network.stages {
            let input = outputs[outputs.count - 1]
            let middle = stage.first.forward(input).rectified
            let sum = stage.second.forward(middle)
                .adding(stage.shortcut.map { $0.forward(input) } ?? input)
            middles.append(middle)
            outputs.append(sum.rectified)
        }
        let means = outputs[outputs.count - 1].channelMeans
        logits = network.headBias.enumerated().map { row, bias in
            zip(means, network.head[row * means.count..<(row + 1) * means.count])
                .reduce(bias) { $0 + $1.0 * $1.1 }
        }
    }

    /// Returns the gradient by the picture, of the gradient by the logits.
    func gradient(
        _ slopes: [Float],
        of network: SurrogateNetwork,
        at picture: PlanarImage
    ) -> PlanarImage {
        let last = outputs[outputs.count - 1]
        var gradient = PlanarImage(
            width: last.width,
            height: last.height,
            channels: last.channels,
            repeating: 0
        )
        let pixels = last.width * last.height
        for channel in 0..<last.channels {
            var slope: Float = 0
            for (row, value) in slopes.enumerated() {
                slope += value * network.head[row * last.channels + channel]
            }
            for index in channel * pixels..<(channel + 1) * pixels {
                gradient.samples[index] = slope / Float(pixels)
            }
        }
        for (number, stage) in network.stages.enumerated().reversed() {
            let (input, middle) = (outputs[number], middles[number])
            gradient.keep(where: outputs[number + 1])
            var inner = stage.second.backward(
                gradient,
                width: middle.width,
                height: middle.height
            )
            inner.keep(where: middle)
            gradient = stage.first.backward(inner, width: input.width, height: input.height)
                .adding(
                    stage.shortcut.map {
                        $0.backward(gradient, width: input.width, height: input.height)
                    } ?? gradient
                )
        }
        gradient.keep(where: outputs[0])
        return network.stem.backward(gradient, width: picture.width, height: picture.height)
    }
}
