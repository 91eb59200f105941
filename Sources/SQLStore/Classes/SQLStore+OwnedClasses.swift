package import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// Returns a page of a tenant's classes, sorted by label.
    public func classes(
        tenant: APIKeyID,
        cursor: String? = nil,
        limit: Int = 100
    ) async throws(StoreError) -> ClassPage {
        var last = ""
        if let cursor {
            guard let label = ClassCursor.label(in: cursor) else { throw .invalidCursor }
            last = label.text
        }
        let count = min(max(limit, 1), 1000)
        return try await read { [last] db in
            let labels = try db.values(
                String.self,
                """
                SELECT label FROM semantic_images WHERE tenant = :tenant AND label > :last
                UNION SELECT label FROM imported_semantic_images WHERE tenant = :tenant AND label > :last
                ORDER BY label LIMIT :limit
                """,
                ["tenant": tenant.text, "last": last, "limit": count + 1]
            )
            let page = try labels.prefix(count).compactMap {
                try Self.ownedClass(db, tenant, try ClassLabel($0))
            }
            return ClassPage(
                classes: page,
                nextCursor: labels.count > count
                    ? page.last.map { ClassCursor.text(after: $0.label) } : nil
            )
        }
    }

    /// Returns one class of a tenant.
    public func ownedClass(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> OwnedClass? {
        try await read { db in try Self.ownedClass(db, tenant, label) }
    }

    /// Creates a class before its first image.
    public func createClass(
        tenant: APIKeyID,
        label: ClassLabel,
        assignment: ClassAssignment? = nil
    ) async throws(StoreError) -> ClassCreation {
        try await write { lost, next in
            if case .found = next { lost } else { next }
        } _: { [self] db in
            try db.lock(.tenant(tenant.text))
            let known = try ClassAssignment.fetch(db, tenant: tenant.text, label: label.text)
            if let known, let assignment, known != assignment { return .assignedOtherwise }
            if known == nil {
                if let assignment {
                    let isTaken = try db.value(
                        Bool.self,
                        """
                        SELECT EXISTS (
                            SELECT 1 FROM semantic_images WHERE tenant = ? AND family_seed = ? AND class_index = ?
                        )
                        """,
                        [
                            tenant.text, Int64(bitPattern: assignment.familySeed),
                            assignment.classIndex,
                        ]
                    )
                    if isTaken == true { return .indexTaken }
                    try insert(db, assignment, tenant: tenant.text, label: label.text)
                } else {
                    try assign(db, tenant: tenant.text, label: label.text)
                }
            }
            guard let owned = try Self.ownedClass(db, tenant, label) else {
                throw StoreError.corrupt("a class is not there that was just made")
            }
            return known == nil ? .created(owned) : .found(owned)
        }
    }

    /// Makes a picture the semantic image of a class, replacing all that were imported for it.
    public func importSemanticImage(
        _ picture: StoredBlob,
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> ClassImport {
        try await write { lost, next in
            guard case .imported(let isNew, let first) = lost,
                case .imported(_, let second) = next
            else { return next }
            return .imported(isNew: isNew, unreferenced: Array(Set(first + second)))
        } _: { db in
            try db.lock(.tenant(tenant.text))
            let time = try db.now
            guard try Self.key(db, tenant)?.state(at: time) == .active else { return .keyUnusable }
            let isNew = try Self.ownedClass(db, tenant, label) == nil
            let unreferenced = try Self.replaceImported(
                db,
                [ImportedClass(label: label, pictures: [picture])],
                tenant: tenant,
                time: time
            )
            return .imported(isNew: isNew, unreferenced: unreferenced)
        }
    }

    /// Restores the generator's semantic image of a class.
    public func removeImportedSemanticImages(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> [SHA256Digest]? {
        try await write { lost, next in
            next ?? lost
        } _: { db in
            try db.lock(.tenant(tenant.text))
            let removed = try Self.deleteImported(db, tenant: tenant, label: label)
            return removed.isEmpty ? nil : try Self.unreferenced(db, among: removed)
        }
    }

    /// Returns the first of a class's imported pictures.
    public func importedSemanticImage(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> StoredBlob? {
        try await read { db in
            try db.row(
                """
                SELECT sha256, size FROM imported_semantic_images
                WHERE tenant = ? AND label = ? AND position = 0
                """,
                [tenant.text, label.text]
            ).flatMap { try StoredBlob(sha256: $0["sha256"], size: $0["size"]) }
        }
    }

    // MARK: - Steps

    private static func ownedClass(
        _ db: any SQLSession,
        _ tenant: APIKeyID,
        _ label: ClassLabel
    ) throws -> OwnedClass? {
        let assignment = try ClassAssignment.fetch(db, tenant: tenant.text, label: label.text)
        let importedCount = try importedCount(db, tenant: tenant.text, label: label.text)
        guard assignment != nil || importedCount > 0 else { return nil }
        return OwnedClass(label: label, assignment: assignment, importedCount: importedCount)
    }
}
