/// A body of several images that is taken apart while it comes in, a form or an archive.
///
/// It runs on the blob store's threads, one piece of the body at a time.
protocol StreamedUpload: Sendable {
    /// Takes the next piece of the body.
    ///
    /// - Throws: ``APIError``, `HTTPFault`, `ArchiveFault`, `SettingsFault` for what the client did wrong; faults of the disk.
    func receive(_ bytes: [UInt8]) throws

    /// Ends the body.
    ///
    /// - Returns: Its images in order, and their settings.
    /// - Throws: As ``receive(_:)``; ``APIError/jobEmpty`` for a body without images.
    func finish() throws -> Upload
}
