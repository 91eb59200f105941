import ArgumentParser
import Cryptography
import DeepHiding
import Imaging
import JobModel
import Methods
import Protection
import SemanticImages

/// Protects one photo, from its file to the protected PNG, stage by stage.
struct PhotoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "photo",
        abstract: "Protects a photo on one thread and tells what each stage takes."
    )

    @Argument(help: "The photo.")
    var photo: String

    @Option(help: "The weights file.")
    var weights: String

    @Option(
        help: "The short side in pixels at which the change is computed. (default: the weights')"
    )
    var workingSize: Int?

    @Option(help: "How often it is timed.")
    var repetitions = 5

    private struct Result: Encodable {
        let width: Int
        let height: Int
        let pngBytes: Int
        /// Per stage, the best of the repetitions.
        let stagesMs: [String: Double]
        /// The whole pipeline in the product's standard mode, with a secret of the photo's own.
        let protectMs: [Double]
        /// Only decoding the photo and encoding the protected one.
        let decodeEncodeMs: [Double]
        let peakMemoryKib: Int
    }

    func run() throws {
        let file = try InputFile.bytes(photo)
        let method = try DeepHidingMethod(
            weights: SafetensorsFile(InputFile.bytes(weights)),
            limits: ImageLimits()
        )
        let assignment = ClassAssignment(
            generatorVersion: SemanticImageGenerator.version,
            familySeed: 1,
            classIndex: 0,
            textureSeed: 2
        )
        let settings = try ProtectionSettings(workingSize: workingSize)
        let label = try ClassLabel("measured")
        let protector = Protector(method: method)
        var png: [UInt8] = []
        let whole = try Stopwatch.milliseconds(repetitions: repetitions) {
            // The parent hashes the file, then the child.
            let photo = HashedBytes(file)
            let part = ClassArtefact.generated(assignment).part(
                for: photo.sha256,
                mode: settings.mode
            )
            guard case .generated(let own) = part else {
                preconditionFailure("nothing is imported")
            }
            png = try protector.protect(
                photo,
                label: label,
                settings: settings,
                artefact: .generated(own)
            ).file
        }
        let memory = try Self.peakMemoryKiB()
        let decoded = try PhotoDecoder.decode(file), protected = try PhotoDecoder.decode(png)
        let codec = try Stopwatch.milliseconds(repetitions: repetitions) {
            // Encode the protected photo, in its own memory as the product has it.
            var photo = try PhotoDecoder.decode(file)
            photo.samples.withUnsafeMutableBufferPointer {
                _ = $0.update(fromContentsOf: protected.samples)
            }
            _ = try PNGEncoder.encode(photo)
        }
        let stages = try stages(
            of: file,
            decoded: decoded,
            protected: protected,
            png: png,
            method: method,
            assignment
        )
        try JSONOutput.print(
            Result(
                width: decoded.width,
                height: decoded.height,
                pngBytes: png.count,
                stagesMs: stages,
                protectMs: whole,
                decodeEncodeMs: codec,
                peakMemoryKib: memory
            )
        )
    }

    private func stages(
        of file: [UInt8],
        decoded: Photo,
        protected: Photo,
        png: [UInt8],
        method: DeepHidingMethod,
        _ assignment: ClassAssignment
    ) throws -> [String: Double] {
        let mask = Mask.auto.applied(width: decoded.width, height: decoded.height)
        let network = method.network(under: mask)
        let size = WorkingSize.of(
            width: decoded.width,
            height: decoded.height,
            shortSide: workingSize ?? method.use(under: mask).workingSize
        )
        func secret() throws -> PreparedSecret {
            network.prepare(
                try SemanticImageGenerator.image(
                    familySeed: assignment.familySeed,
                    classIndex: assignment.classIndex,
                    textureSeed: assignment.textureSeed,
                    version: network.metadata.semanticImages ?? assignment.generatorVersion,
                    width: size.width,
                    height: size.height
                )
            )
        }
        let cover = decoded.planarRGB(scaledTo: size.width, height: size.height)
        let prepared = try secret()
        var delta = network.hide(cover: cover, secret: prepared)
        for index in delta.samples.indices { delta.samples[index] -= cover.samples[index] }
        func best(_ body: () throws -> Void) rethrows -> Double {
            try Stopwatch.milliseconds(repetitions: repetitions, body).min() ?? 0
        }
        return [
            "1 hash the file": best { _ = SHA256.hash(file) },
            "2 decode": try best { _ = try PhotoDecoder.decode(file) },
            "3 scale down": best {
                _ = decoded.planarRGB(scaledTo: size.width, height: size.height)
            },
            "4 draw and prepare a new secret": try best { _ = try secret() },
            "5 network": best { _ = network.hide(cover: cover, secret: prepared) },
            "6 release and measure": best {
                // This includes copies of the photo and of the change that the product does not
                // make.
                var (photo, delta) = (decoded, delta)
                ChannelMask.apply(to: &delta, cover: cover, bound: 8 / 255)
                _ = Release.apply(delta: delta, to: &photo, strength: 8, clip: true)
            },
            "7 encode": try best { _ = try PNGEncoder.encode(protected) },
            "8 hash the PNG": best { _ = SHA256.hash(png) },
        ]
    }

    /// Returns the peak memory from this process's own status.
    ///
    /// The resource usage of the process would include the program that started it.
    private static func peakMemoryKiB() throws -> Int {
        let status = String(decoding: try InputFile.bytes("/proc/self/status"), as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0
    }
}
