import Cryptography
import POSIX
import Protection
import Sandbox

/// Gives back photos, one after the other.
struct PictureUnlocking {
    private let originals: OriginalsFolder
    private let pixels: MaxPixelsOption
    private let filter: SystemCallFilter
    private var keys: SealingKeys

    init(
        into originals: OriginalsFolder,
        by keys: SealingKeys,
        pixels: MaxPixelsOption,
        filter: SystemCallFilter
    ) {
        self.originals = originals
        self.keys = keys
        self.pixels = pixels
        self.filter = filter
    }

    /// Gives back the photo of one picture.
    ///
    /// - Throws: ``CommandFault`` with the reason why it cannot be given back.
    mutating func unlock(_ picture: LockedPicture) throws(CommandFault) {
        let (recovery, difference) = try open(picture)
        let file = try originals.file(for: picture)
        let reasons = try ReasonPipe()
        let (limits, originals) = (pixels.limits, originals)
        let isUnlocked = try SandboxedChild.run(
            memoryBytes: pixels.addressSpaceBytes,
            filter: filter,
            tell: { reasons.send($0) }
        ) { () throws(CommandFault) in
            originals.dropInChild()
            let png: [UInt8]
            do throws(RecoveryFault) {
                png = try recovery.png(difference, limits: limits)
            } catch {
                throw picture.described(error)
            }
            do throws(SystemError) {
                try file.write(png)
            } catch {
                throw CommandFault("The photo could not be written: \(error.words).")
            }
        }
        guard isUnlocked else { throw CommandFault(reasons.reason) }
        try originals.publish(file, of: picture)
    }

    private mutating func open(
        _ picture: LockedPicture
    ) throws(CommandFault) -> (Recovery, PixelDifference) {
        let bytes = try picture.read()
        let recoveryFile = try picture.readRecoveryFile()
        do throws(RecoveryFault) {
            let recovery = try Recovery(of: bytes, by: recoveryFile)
            return (recovery, try recovery.difference(by: &keys))
        } catch {
            throw picture.described(error)
        }
    }
}
