import GRDB
public import JobModel
public import Queue

extension SQLiteStore {
    /// Returns the assignment of a tenant's class, creating it if the class is new.
    public func classAssignment(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> ClassAssignment {
        let known = try await read { db in
            try Self.assignment(db, tenant: tenant.text, label: label.text)
        }
        if let known { return known }
        return try await write { [self] db in
            try assign(db, tenant: tenant.text, label: label.text)
        }
    }

    /// Finds or creates an assignment within a write.
    @discardableResult
    func assign(_ db: Database, tenant: String, label: String) throws -> ClassAssignment {
        // Checked again under the write lock: another caller may have created it meanwhile.
        if let known = try Self.assignment(db, tenant: tenant, label: label) { return known }
        guard
            let family = try Int64.fetchOne(
                db,
                sql: "SELECT family_seed FROM api_keys WHERE id = ?",
                arguments: [tenant]
            )
        else { throw StoreError.unknownTenant }
        let index = try Int.fetchOne(
            db,
            sql: "SELECT coalesce(max(class_index) + 1, 0) FROM semantic_images WHERE tenant = ?",
            arguments: [tenant]
        )
        let assignment = ClassAssignment(
            generatorVersion: generatorVersion,
            familySeed: UInt64(bitPattern: family),
            classIndex: index ?? 0,
            textureSeed: try randomSeed()
        )
        try insert(db, assignment, tenant: tenant, label: label)
        return assignment
    }

    func insert(
        _ db: Database,
        _ assignment: ClassAssignment,
        tenant: String,
        label: String
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO semantic_images
                    (tenant, label, generator_version, family_seed, class_index, texture_seed, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                tenant, label, assignment.generatorVersion,
                Int64(bitPattern: assignment.familySeed),
                assignment.classIndex, Int64(bitPattern: assignment.textureSeed), now(),
            ]
        )
    }

    static func assignment(
        _ db: Database,
        tenant: String,
        label: String
    ) throws -> ClassAssignment? {
        try Row.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT generator_version, family_seed, class_index, texture_seed
                    FROM semantic_images WHERE tenant = ? AND label = ?
                    """
            ),
            arguments: [tenant, label]
        ).map { row in
            ClassAssignment(
                generatorVersion: row["generator_version"],
                familySeed: UInt64(bitPattern: row["family_seed"]),
                classIndex: row["class_index"],
                textureSeed: UInt64(bitPattern: row["texture_seed"])
            )
        }
    }
}
