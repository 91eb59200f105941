import CKernels

@testable import DeepHiding

/// The plainest possible convolution and dense sub-module, in double precision, to hold the kernel against.
enum Reference {
    struct Convolution {
        let inputs: Int
        let outputs: Int
        let weights: [Float]
        let bias: [Float]

        init(inputs: Int, outputs: Int, using generator: inout SplitMix64) {
            self.inputs = inputs
            self.outputs = outputs
            let bound = 0.5 / Float(inputs * 9).squareRoot()
            weights = (0..<outputs * inputs * 9).map { _ in
                Float.random(in: -bound...bound, using: &generator) * 3
            }
            bias = (0..<outputs).map { _ in Float.random(in: -0.2...0.2, using: &generator) }
        }

        init(inputs: Int, outputs: Int, weights: [Float], bias: [Float]) {
            precondition(weights.count == outputs * inputs * 9 && bias.count == outputs)
            (self.inputs, self.outputs, self.weights, self.bias) = (inputs, outputs, weights, bias)
        }

        /// As the kernel wants it.
        var packed: [Float] {
            let count = plm_packed_floats(inputs, outputs)
            return [Float](unsafeUninitializedCapacity: count) { packed, initialized in
                plm_pack(weights, bias, inputs, outputs, packed.baseAddress)
                initialized = count
            }
        }
    }

    /// 3x3, stride 1, zeros around the planes.
    static func convolve(
        _ planes: [Double],
        _ convolution: Convolution,
        width: Int,
        height: Int
    ) -> [Double] {
        var result = [Double](repeating: 0, count: convolution.outputs * width * height)
        let inputs = convolution.inputs
        planes.withUnsafeBufferPointer { planes in
            convolution.weights.withUnsafeBufferPointer { weights in
                for output in 0..<convolution.outputs {
                    for y in 0..<height {
                        for x in 0..<width {
                            var sum = Double(convolution.bias[output])
                            for dy in max(-1, -y)...min(1, height - 1 - y) {
                                for dx in max(-1, -x)...min(1, width - 1 - x) {
                                    let tap = (dy + 1) * 3 + dx + 1, at = (y + dy) * width + x + dx
                                    for input in 0..<inputs {
                                        sum +=
                                            Double(weights[(output * inputs + input) * 9 + tap])
                                            * planes[input * width * height + at]
                                    }
                                }
                            }
                            result[(output * height + y) * width + x] = sum
                        }
                    }
                }
            }
        }
        return result
    }

    /// Five convolutions, each reading the input and all before it; LeakyReLU 0.01 after four.
    static func dense(
        _ planes: [Double],
        _ convolutions: [Convolution],
        width: Int,
        height: Int
    ) -> [Double] {
        var features = planes
        for convolution in convolutions.dropLast() {
            features += convolve(features, convolution, width: width, height: height).map {
                $0 > 0 ? $0 : 0.01 * $0
            }
        }
        return convolve(features, convolutions[4], width: width, height: height)
    }
}
