/// The files that everybody may fetch, embedded in the binary.
public enum PublicFiles {
    /// The contract of the HTTP API.
    public static let openAPI = PackageResources.openapi_json
}
