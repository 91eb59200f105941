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
        var hasCrashed = false
        while true {
            switch try await withCodec({ codec in await codec.importPicture(try await read()) }) {
            case .made(let picture): return .made(picture)
            case .failed(let failure): return .failed(failure)
            case .released: continue
            case .crashed(let reason):
                // The crash may have another cause, so try once more.
                guard hasCrashed else {
                    hasCrashed = true
                    continue
                }
                return .failed(
                    ImageFailure(
                        code: ImageFailure.quarantined.code,
                        detail:
                            "Reading this picture ended its process repeatedly. The last time \(reason)."
                    )
                )
            }
        }
    }
}
