public import Cryptography
public import JobModel

/// What became of a picture that is to be kept for a class.
public enum PictureImport: Sendable, Equatable {
    /// It is fit to be kept, as this PNG.
    case made(HashedBytes)
    /// It cannot be used, ever.
    case failed(ImageFailure)
}

extension CodecPool {
    /// Has a process make of a picture what is kept for a class; another one, if the first dies of
    /// it.
    ///
    /// - Parameter read: Reads the picture once a process is free, so that pictures that wait take
    ///   no memory.
    /// - Returns: What became of it.
    /// - Throws: As ``withCodec(_:)``; what `read` throws.
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
                // The process may have died of something else.
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
