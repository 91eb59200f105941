public import Cryptography
public import JobModel

/// The final outcome of importing a picture for a class.
public enum PictureImport: Sendable, Equatable {
    /// It can be kept as this PNG.
    case made(HashedBytes)
    /// It can never be used.
    case failed(ImageFailure)
}

extension CodecPool {
    /// Converts a picture to the form that a class keeps, trying a second process if the first
    /// crashes.
    ///
    /// - Parameter read: Reads the picture once a process is free, so that waiting pictures take no
    ///   memory.
    /// - Returns: The outcome; two crashes are a failure.
    /// - Throws: The errors of ``withCodec(_:)`` and of `read`.
    public func importPicture(
        reading read: @Sendable () async throws -> [UInt8]
    ) async throws -> PictureImport {
        let result = try await untilEnded("Reading") {
            switch try await withCodec({ codec in await codec.importPicture(try await read()) }) {
            case .made(let picture): CodecAttempt.made(picture)
            case .failed(let failure): .failed(failure)
            case .released: .released
            case .crashed(let reason): .crashed(reason)
            }
        }
        return switch result {
        case .success(let picture): .made(picture)
        case .failure(let failure): .failed(failure)
        }
    }
}
