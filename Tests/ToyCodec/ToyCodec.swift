import CodecChild
import DeepHiding
import Foundation
import JobModel
import Methods
import Sandbox
import ToyMethod

/// A codec process of a program that has one more method than the product.
///
/// It is started as the product's own is: `--parent PID --memory BYTES --max-pixels COUNT --model NAME`
/// with a name for each weights file, in any order.
@main
enum ToyCodec {
    static func main() {
        let arguments = CommandLine.arguments
        func value(of option: String) -> Int? {
            guard let place = arguments.firstIndex(of: option) else { return nil }
            return arguments.dropFirst(place + 1).first.flatMap { Int($0) }
        }
        let maxPixels = value(of: "--max-pixels") ?? ImageCost.maxPixels
        let models = zip(arguments, arguments.dropFirst()).compactMap { option, name in
            option == "--model" ? ModelName(rawValue: name) : nil
        }
        let server = CodecServer(
            models: models,
            parent: Int32(value(of: "--parent") ?? 0),
            memoryBytes: value(of: "--memory").map { UInt64($0) },
            filter: .off
        ) { weights throws(ImageFailure) in
            try CodecServer.Engine(
                weights: weights,
                methods: MethodRegistry([ClassNoise.self, DeepHidingMethod.self]),
                maxPixels: maxPixels
            )
        }
        exit(server.run())
    }
}
