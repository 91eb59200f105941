package import Cryptography
package import JobModel
package import Queue

extension SQLStore {
    /// Replaces the imported semantic images of some classes.
    public func importSemanticImages(
        _ classes: [ImportedClass],
        tenant: APIKeyID
    ) async throws(StoreError) -> [SHA256Digest] {
        try await write { lost, next in
            Array(Set(lost + next))
        } _: { db in
            try db.lock(.tenant(tenant.text))
            let time = try db.now
            guard
                try db.value(
                    Bool.self,
                    "SELECT EXISTS (SELECT 1 FROM api_keys WHERE id = ?)",
                    [tenant.text]
                ) == true
            else { throw StoreError.unknownTenant }
            return try Self.replaceImported(db, classes, tenant: tenant, time: time)
        }
    }

    /// Replaces the pictures of classes, and returns the replaced blobs that nothing refers to any
    /// more.
    static func replaceImported(
        _ db: any SQLSession,
        _ classes: [ImportedClass],
        tenant: APIKeyID,
        time: Int64
    ) throws -> [SHA256Digest] {
        var replaced: Set<[UInt8]> = []
        for imported in classes {
            replaced.formUnion(try deleteImported(db, tenant: tenant, label: imported.label))
            try insert(db, imported, tenant: tenant, time: time)
        }
        return try unreferenced(db, among: replaced)
    }

    /// Removes a class's pictures and returns their blobs; jobs that use the pictures keep their
    /// lists.
    static func deleteImported(
        _ db: any SQLSession,
        tenant: APIKeyID,
        label: ClassLabel
    ) throws -> Set<[UInt8]> {
        try retireList(db, tenant: tenant, label: label)
        return try Set(
            db.values(
                [UInt8].self,
                """
                DELETE FROM imported_semantic_images WHERE tenant = ? AND label = ? \
                RETURNING sha256
                """,
                [tenant.text, label.text]
            )
        )
    }

    static func unreferenced(
        _ db: any SQLSession,
        among blobs: Set<[UInt8]>
    ) throws -> [SHA256Digest] {
        try blobs.map { try SHA256Digest(column: $0) }.filter { try !isReferenced(db, $0) }
    }

    private static func insert(
        _ db: any SQLSession,
        _ imported: ImportedClass,
        tenant: APIKeyID,
        time: Int64
    ) throws {
        let statement = """
            INSERT INTO imported_semantic_images (tenant, label, position, sha256, size, imported_at)
            VALUES (?, ?, ?, ?, ?, ?)
            """
        for (position, picture) in imported.pictures.enumerated() {
            try db.execute(
                statement,
                [
                    tenant.text, imported.label.text, position, picture.sha256.bytes,
                    Int64(clamping: picture.size), time,
                ]
            )
        }
        try insertList(db, imported, tenant: tenant)
    }

    /// Returns every class of every tenant, sorted by label and then by the age of its key.
    public func classes() async throws(StoreError) -> [ClassSummary] {
        try await read { db in
            try db.rows(
                """
                SELECT class.tenant, api_keys.name, class.label, generator_version, class_index, imported.count
                FROM (SELECT tenant, label FROM semantic_images
                    UNION SELECT tenant, label FROM imported_semantic_images) AS class
                JOIN api_keys ON api_keys.id = class.tenant
                LEFT JOIN semantic_images USING (tenant, label)
                LEFT JOIN (SELECT tenant, label, count(*) AS count FROM imported_semantic_images
                    GROUP BY tenant, label) AS imported USING (tenant, label)
                ORDER BY class.label, api_keys.created_at, api_keys.\(db.dialect.keyOrder)
                """
            ).map(ClassSummary.init(row:))
        }
    }

    // MARK: - Steps

    static func importedCount(_ db: any SQLSession, tenant: String, label: String) throws -> Int {
        let statement =
            "SELECT count(*) FROM imported_semantic_images WHERE tenant = ? AND label = ?"
        return try db.value(Int.self, statement, [tenant, label]) ?? 0
    }
}
