import Workers

/// What makes semantic images of pictures; in the service its codec processes.
protocol PictureImporting: Sendable {
    /// Makes one, as ``CodecPool/importPicture(reading:)`` does.
    func importPicture(reading read: @Sendable () async throws -> [UInt8]) async throws -> PictureImport
}

extension CodecPool: PictureImporting {}
