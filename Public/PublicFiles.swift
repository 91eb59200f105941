import CPublicFiles

/// The files that everybody may fetch, embedded in the binary.
public enum PublicFiles {
    /// The contract of the HTTP API.
    public static let openAPI = [UInt8](
        UnsafeBufferPointer(start: palimpsest_openapi(), count: palimpsest_openapi_count())
    )
}
