public import CodecProtocol
public import JobModel

/// The final outcome of protecting a picture of which nothing is kept.
public enum PicturePreview: Sendable, Equatable {
    /// The protected picture.
    case made(ProtectedImage)
    /// It can never be protected.
    case failed(ImageFailure)
}

extension CodecPool {
    /// Protects a picture outside the queue, trying a second process if the first crashes.
    ///
    /// - Parameter read: Reads the picture once a process is free, so that waiting pictures take no
    ///   memory.
    /// - Returns: The outcome; two crashes are a failure.
    /// - Throws: The errors of ``withCodec(_:)`` and of `read`.
    public func previewPicture(
        reading read: @Sendable () async throws -> CodecImage
    ) async throws -> PicturePreview {
        let result = try await untilEnded("Protecting") {
            let outcome = try await withCodec { codec in
                let image = try await read()
                // A client that leaves must not cost the process, which cancelling would kill.
                return await Task { await codec.protect([image]) }.value.first ?? .released
            }
            return switch outcome {
            case .protected(let image, _): CodecAttempt.made(image)
            case .failed(let failure): .failed(failure)
            case .released: .released
            case .crashed(let reason): .crashed(reason)
            }
        }
        return switch result {
        case .success(let image): .made(image)
        case .failure(let failure): .failed(failure)
        }
    }
}
