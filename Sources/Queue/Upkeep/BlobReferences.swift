public import Cryptography

/// Which blobs the rows of a store refer to.
public protocol BlobReferences: Sendable {
    /// Does something with those blobs that no row refers to, while no row can come to refer to
    /// them.
    ///
    /// Nobody else can write meanwhile, so `body` should do nothing that takes long. It must leave
    /// those alone whose rows are still to be written.
    ///
    /// - Parameters:
    ///   - candidates: Blobs, such as ``JobCatalog/expireJobs(imageLimit:sparing:)`` returns.
    ///   - body: Gets the candidates without a row, some hundreds at a time.
    /// - Throws: ``StoreError``.
    func withUnreferenced(
        among candidates: [SHA256Digest],
        _ body: @escaping @Sendable ([SHA256Digest]) -> Void
    ) async throws(StoreError)

    /// Every blob that some row refers to, for the sweeps for orphans.
    ///
    /// - Returns: The hashes of all inputs, outputs, attachments and imported pictures, also of
    ///   those pictures that only jobs still have.
    func referencedBlobs() async throws(StoreError) -> Set<SHA256Digest>
}
