import Cryptography
import Imaging
import JobModel
import Protection

/// A protected picture and the recovery file that belongs to it.
struct Recovery {
    private let picture: [UInt8]
    private let file: SealedFile

    /// Checks that both belong together, without decoding anything.
    ///
    /// - Parameters:
    ///   - picture: The bytes of the protected picture.
    ///   - recoveryFile: The bytes of its recovery file.
    /// - Throws: ``RecoveryFault`` if they do not belong together.
    init(of picture: [UInt8], by recoveryFile: [UInt8]) throws(RecoveryFault) {
        // Its hash would tell as well, but not why there is nothing to recover from.
        if let format = OutputFormat(of: picture), !format.isLossless {
            throw .lossyPicture(format)
        }
        guard let file = SealedFile(recoveryFile) else { throw .notRecoveryFile }
        guard file.subject == SHA256.hash(picture) else { throw .otherPicture }
        self.picture = picture
        self.file = file
    }

    /// Returns what the recovery file holds.
    func difference(by keys: inout SealingKeys) throws(RecoveryFault) -> PixelDifference {
        guard keys.fits(file) else { throw .otherSecret(wantsPassphrase: file.wantsPassphrase) }
        guard let content = keys.open(file) else {
            throw .unopened(
                wantsPassphrase: file.wantsPassphrase,
                isSecretProven: keys.isProven(for: file)
            )
        }
        guard let difference = PixelDifference(content) else { throw .emptyRecoveryFile }
        return difference
    }

    /// Returns the photo as a PNG.
    ///
    /// The service, which made both pictures, is not trusted. So this is for a process that has
    /// nothing to steal; see ``SandboxedChild``.
    func png(_ difference: PixelDifference, limits: ImageLimits) throws(RecoveryFault) -> [UInt8] {
        let photo: Photo?
        do throws(ImagingError) {
            photo = try difference.original(of: picture, limits: limits)
        } catch {
            throw .undecodable(error.detail)
        }
        guard let photo else { throw .otherPixels }
        do throws(ImagingError) {
            return try PNGEncoder.encode(photo)
        } catch {
            throw .unencodable(error.detail)
        }
    }
}
