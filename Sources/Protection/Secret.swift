import Cryptography
import Imaging
import JobModel
import SemanticImages

/// The semantic image that one image gets.
struct Secret {
    let image: PlanarImage

    /// Draws the secret of an image at its working size.
    ///
    /// - Parameters:
    ///   - assignment: Of the image's class.
    ///   - mode: Class-wise takes the class's texture; sample-wise one that the image's own bytes determine.
    ///   - input: The hash of the image's file.
    ///   - size: The working size.
    /// - Throws: ``SemanticImageError``.
    init(
        _ assignment: SemanticImageAssignment,
        mode: ProtectionMode,
        input: SHA256Digest,
        size: (width: Int, height: Int)
    ) throws(SemanticImageError) {
        let textureSeed =
            switch mode {
            case .classWise: assignment.textureSeed
            case .sampleWise: Self.textureSeed(assignment.textureSeed, of: input)
            }
        image = try SemanticImageGenerator.image(
            familySeed: assignment.familySeed,
            classIndex: assignment.classIndex,
            textureSeed: textureSeed,
            version: assignment.generatorVersion,
            width: size.width,
            height: size.height
        )
    }

    /// The hash of the secret as 8-bit RGB samples, interleaved: that of the picture's raw pixels in any tool.
    var sha256: SHA256Digest {
        let count = image.width * image.height
        var bytes = [UInt8](repeating: 0, count: 3 * count)
        for channel in 0..<3 {
            for pixel in 0..<count {
                bytes[pixel * 3 + channel] = UInt8(image.samples[channel * count + pixel] * 255 + 0.5)
            }
        }
        return SHA256.hash(bytes)
    }

    /// A texture seed for one image of a class: the first 8 bytes of a hash over the class's seed and the image's hash.
    static func textureSeed(_ classSeed: UInt64, of input: SHA256Digest) -> UInt64 {
        var hash = SHA256()
        hash.update(Array("palimpsest sample texture".utf8))
        hash.update(withUnsafeBytes(of: classSeed.littleEndian) { Array($0) })
        hash.update(input.bytes)
        return hash.finalize().bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
