public import Cryptography
public import JobModel

/// The classes of the tenants, and what each of them hides.
public protocol ClassCatalog: Sendable {
    /// What the generator draws for a tenant's class, which is assigned here if it is new.
    func classAssignment(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> ClassAssignment

    /// Every class of every tenant, sorted by label and then by the age of its key.
    func classes() async throws(StoreError) -> [ClassSummary]

    /// The classes of a tenant.
    ///
    /// - Parameters:
    ///   - tenant: Whose classes.
    ///   - cursor: ``ClassPage/nextCursor`` of the page before; `nil` for the first page.
    ///   - limit: The most classes, 1 to 1000.
    /// - Returns: The page.
    /// - Throws: ``StoreError/invalidCursor``, errors of the database.
    func classes(
        tenant: APIKeyID,
        cursor: String?,
        limit: Int
    ) async throws(StoreError) -> ClassPage

    /// One class of a tenant; `nil` if it has none of this label.
    func ownedClass(tenant: APIKeyID, label: ClassLabel) async throws(StoreError) -> OwnedClass?

    /// Makes a class before its first image.
    ///
    /// - Parameters:
    ///   - tenant: Whose class it is to be.
    ///   - label: The class.
    ///   - assignment: What the generator is to draw, as another service has it; `nil` for a place
    ///     and a texture of its own.
    /// - Returns: The class, be it new or not, or why it cannot be made.
    /// - Throws: ``StoreError/unknownTenant``, errors of the database.
    func createClass(
        tenant: APIKeyID,
        label: ClassLabel,
        assignment: ClassAssignment?
    ) async throws(StoreError) -> ClassCreation

    /// Makes a picture the semantic image of a class, in place of all that were imported for it.
    ///
    /// Its file must be stored. Jobs that are accepted from now on get it; earlier jobs keep what
    /// they have.
    func importSemanticImage(
        _ picture: StoredBlob,
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> ClassImport

    /// Replaces the imported semantic images of some classes; other classes stay as they are.
    ///
    /// The files must be stored. Jobs that are accepted from now on use the new ones; earlier jobs
    /// keep what they have.
    ///
    /// - Parameters:
    ///   - classes: Each with at least one picture; no label twice.
    ///   - tenant: Whose classes they are.
    /// - Returns: The blobs of replaced pictures that nothing refers to any more; pass them to
    ///   ``BlobReferences/withUnreferenced(among:_:)``.
    /// - Throws: ``StoreError/unknownTenant``, errors of the database; then nothing is changed.
    func importSemanticImages(
        _ classes: [ImportedClass],
        tenant: APIKeyID
    ) async throws(StoreError) -> [SHA256Digest]

    /// Gives a class the generator's semantic image again, for jobs that are accepted from now on.
    ///
    /// - Returns: The blobs that nothing refers to any more; `nil` if the class has no imported
    ///   pictures.
    func removeImportedSemanticImages(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> [SHA256Digest]?

    /// The first of a class's imported pictures; `nil` if it has none.
    func importedSemanticImage(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> StoredBlob?
}
