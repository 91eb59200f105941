import Workers

/// What makes semantic images of pictures; in the service its codec processes.
protocol SemanticImageMaking: Sendable {
    /// Makes one, as ``CodecPool/semanticImage(reading:)`` does.
    func semanticImage(reading read: @Sendable () async throws -> [UInt8]) async throws -> SemanticImageReading
}

extension CodecPool: SemanticImageMaking {}
