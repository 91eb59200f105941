import Cryptography
import DeepHiding
import Imaging
import Methods

/// A hiding network that was fitted to some classes, and the image that it hides for each.
///
/// Deep hiding draws a class's image from numbers; here it was learnt with the network, so that only
/// these classes can be protected. One generator serves any number of threads at once.
struct FittedGenerator: Sendable {
    /// An image and the digest of its samples.
    private struct ClassImage {
        let photo: Photo
        let sha256: SHA256Digest
    }

    private let network: HidingNetwork
    private let images: [ClassImage]

    /// Loads a generator from a weights file.
    ///
    /// - Parameters:
    ///   - file: The file, treated as hostile: the network under the name `network`, and an image
    ///     for each class in the tensor `class_images`, (classes, 3, side, side) in [0, 1].
    ///   - classes: The number of classes.
    /// - Throws: `WeightsError`.
    init(_ file: SafetensorsFile, classes: Int) throws(WeightsError) {
        let part = file.part("network")
        guard file.tensors.count == part.tensors.count + 1 else {
            throw WeightsError(
                .mismatched,
                "there are other tensors than the network's and \(ClassImages.name)"
            )
        }
        network = try HidingNetwork(part)
        let samples = try ClassImages(of: file, count: classes)
        images = (0..<classes).map { index in
            let interleaved = samples.interleaved(index)
            return ClassImage(
                photo: Photo(
                    width: samples.side,
                    height: samples.side,
                    layout: .rgb,
                    samples: interleaved
                ),
                sha256: SHA256.hash(interleaved)
            )
        }
    }

    /// Returns the change for a photo, before any bound is applied.
    ///
    /// - Parameters:
    ///   - cover: The photo at its working size.
    ///   - label: The place of its class in the file.
    /// - Returns: The change and the digest of the class's image.
    func delta(for cover: PlanarImage, label: Int) -> Delta {
        let image = images[label]
        let secret = image.photo.planarRGB(covering: cover.width, height: cover.height)
        let gain = network.metadata.gain
        var delta = network.hide(cover: cover, secret: secret)
        for index in delta.samples.indices {
            delta.samples[index] = gain * (delta.samples[index] - cover.samples[index])
        }
        return Delta(planes: delta, artefactSHA256: image.sha256)
    }
}
