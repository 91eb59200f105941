import JobModel

/// A protected picture and its recovery file, as they lie in an unpacked archive.
struct LockedPicture {
    let path: String
    let recoveryPath: String
    /// The path of the photo in whatever folder it is written to.
    let photoPath: String

    private var recoveryName: String {
        recoveryPath.split(separator: "/").last.map(String.init) ?? recoveryPath
    }

    /// Reads the picture.
    func read() throws(CommandFault) -> [UInt8] {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(path, expecting: 0, limit: InputFile.maxPictureBytes)
        } catch {
            throw CommandFault(error.failure.detail)
        }
    }

    /// Reads the recovery file.
    func readRecoveryFile() throws(CommandFault) -> [UInt8] {
        do throws(PictureFile.Fault) {
            return try PictureFile.read(
                recoveryPath,
                expecting: 0,
                limit: InputFile.maxPictureBytes
            )
        } catch {
            throw CommandFault("\(recoveryName): \(error.failure.detail)")
        }
    }

    /// Describes why the photo is not given back.
    func described(_ fault: RecoveryFault) -> CommandFault {
        CommandFault(fault.sentence(picture: "It", recoveryFile: recoveryName))
    }
}
