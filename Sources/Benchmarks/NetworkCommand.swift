import ArgumentParser
import DeepHiding
import FoundationEssentials
import Glibc
import Imaging
import JobModel
import Methods

/// Runs only the network, on pictures of one size.
struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Hides semantic images in pictures of one size, on one thread.",
        discussion: """
            COVER and SECRET are files of little-endian floats: IMAGES x 3 x \
            HEIGHT x WIDTH. `ms` are the times of a whole batch, the secrets prepared each time; \
            `prepared_ms` those with secrets that were prepared before, as for further images of a \
            class.
            """
    )

    @Option(help: "The weights file.")
    var weights: String

    @Flag(help: "Run the network that hides under the mask of photos, if the file has another one.")
    var masked = false

    @Option(help: "Columns of a picture.")
    var width: Int

    @Option(help: "Rows of a picture.")
    var height: Int

    @Option(help: "Pictures in a batch.")
    var images = 1

    @Option(help: "How often the batch is timed.")
    var repetitions = 5

    @Option(help: "The covers.")
    var cover: String

    @Option(help: "The secrets.")
    var secret: String

    @Option(help: "Where the protected pictures go, as floats.")
    var out: String?

    @Flag(help: "Print `ready`, and begin to time when a line comes.")
    var wait = false

    private struct Result: Encodable {
        let isa: String
        let loadMs: Double
        let ms: [Double]
        let preparedMs: [Double]
    }

    func run() throws {
        let file = try InputFile.bytes(weights)
        let clock = ContinuousClock()
        let start = clock.now
        let method = try DeepHidingMethod(weights: SafetensorsFile(file), limits: ImageLimits())
        let network = method.network(under: masked ? .photo : .unmasked)
        let loading = Stopwatch.milliseconds(start.duration(to: clock.now))
        let (covers, secrets) = (try pictures(cover), try pictures(secret))
        var protected = zip(covers, secrets).map { network.hide(cover: $0, secret: $1) }
        if wait {
            print("ready")
            fflush(nil)
            _ = readLine()
        }
        let times = Stopwatch.milliseconds(repetitions: repetitions) {
            protected = zip(covers, secrets).map { network.hide(cover: $0, secret: $1) }
        }
        let prepared = secrets.map(network.prepare)
        let preparedTimes = Stopwatch.milliseconds(repetitions: repetitions) {
            protected = zip(covers, prepared).map { network.hide(cover: $0, secret: $1) }
        }
        if let out {
            let words = protected.flatMap { $0.samples.map(\.bitPattern.littleEndian) }
            try words.withUnsafeBytes { Data($0) }.write(to: URL(filePath: out))
        }
        try JSONOutput.print(
            Result(
                isa: network.instructionSet.rawValue,
                loadMs: loading,
                ms: times,
                preparedMs: preparedTimes
            )
        )
    }

    private func pictures(_ path: String) throws -> [PlanarImage] {
        let count = 3 * width * height
        let floats = try InputFile.floats(path, count: images * count)
        return (0..<images).map { index in
            PlanarImage(
                width: width,
                height: height,
                channels: 3,
                samples: Array(floats[index * count..<(index + 1) * count])
            )
        }
    }
}
