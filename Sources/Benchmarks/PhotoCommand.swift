import ArgumentParser
import Cryptography
import DeepHiding
import Imaging
import JobModel
import Methods
import POSIX
import Protection
import SemanticImages

/// Protects one photo, from its file to the protected PNG, stage by stage.
struct PhotoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "photo",
        abstract: "Protects a photo and tells what each stage takes."
    )

    @Argument(help: "The photo.")
    var photo: String

    @Option(help: "The weights file.")
    var weights: String

    @Option(
        help: "The short side in pixels at which the change is computed. (default: the weights')"
    )
    var workingSize: Int?

    @Option(help: "How many threads share the photo.")
    var threads = 1

    @Option(help: "How often it is timed.")
    var repetitions = 5

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be at least 1.") }
    }

    private struct Result: Encodable {
        let width: Int
        let height: Int
        let pngBytes: Int
        let threads: Int
        /// Per stage, the best of the repetitions.
        let stagesMs: [String: Double]
        /// The whole pipeline in the product's standard mode, with a secret of the photo's own.
        let protectMs: [Double]
        /// Only decoding the photo and encoding the protected one, on one thread.
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
        let team = ThreadTeam(name: "helper", helpers: threads - 1)
        let bands = BandRunner(threads: threads) { [threads] count, body in
            team.run(count, threads: threads, body)
        }
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
                artefact: .generated(own),
                bands: bands
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
            assignment,
            bands: bands
        )
        try JSONOutput.print(
            Result(
                width: decoded.width,
                height: decoded.height,
                pngBytes: png.count,
                threads: threads,
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
        _ assignment: ClassAssignment,
        bands: BandRunner
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
        let isPerceptual = mask == .photo && network.metadata.photoMask == .perceptual
        func masked(_ delta: PlanarImage) -> PlanarImage {
            var delta = delta
            if isPerceptual {
                PerceptualBudget(of: cover, bands: bands).limit(&delta)
            } else {
                ChannelMask.apply(to: &delta, cover: cover, bound: 8 / 255)
            }
            return delta
        }
        let change = masked(delta)
        func best(_ body: () throws -> Void) rethrows -> Double {
            try Stopwatch.milliseconds(repetitions: repetitions, body).min() ?? 0
        }
        return [
            "1 hash the file": best { _ = SHA256.hash(file) },
            "2 decode": try best { _ = try PhotoDecoder.decode(file) },
            "3 scale down": best {
                _ = decoded.planarRGB(scaledTo: size.width, height: size.height, bands: bands)
            },
            "4 draw and prepare a new secret": try best { _ = try secret() },
            "5 network": best {
                _ = network.hide(cover: cover, secret: prepared, bands: bands)
            },
            "6 mask": best { _ = masked(delta) },
            "7 release and measure": best {
                // This includes a copy of the photo that the product does not make.
                var photo = decoded
                _ = Release.apply(
                    delta: change,
                    to: &photo,
                    strength: 8,
                    clip: true,
                    dithers: isPerceptual,
                    bands: bands
                )
            },
            "8 encode": try best { _ = try PNGEncoder.encode(protected, bands: bands) },
            "9 hash the PNG": best { _ = SHA256.hash(png) },
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
