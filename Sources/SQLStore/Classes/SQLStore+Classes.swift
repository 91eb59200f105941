package import JobModel
package import Queue

extension SQLStore {
    /// Returns the assignment of a tenant's class, creating it if the class is new.
    public func classAssignment(
        tenant: APIKeyID,
        label: ClassLabel
    ) async throws(StoreError) -> ClassAssignment {
        let known = try await read { db in
            try ClassAssignment.fetch(db, tenant: tenant.text, label: label.text)
        }
        if let known { return known }
        return try await write { [self] db in
            try db.lock(.tenant(tenant.text))
            return try assign(db, tenant: tenant.text, label: label.text)
        }
    }

    /// Finds or creates an assignment within a write.
    @discardableResult
    func assign(_ db: any SQLSession, tenant: String, label: String) throws -> ClassAssignment {
        // Checked again under the lock: another caller may have created it meanwhile.
        if let known = try ClassAssignment.fetch(db, tenant: tenant, label: label) { return known }
        guard
            let family = try db.value(
                Int64.self,
                "SELECT family_seed FROM api_keys WHERE id = ?",
                [tenant]
            )
        else { throw StoreError.unknownTenant }
        let index = try db.value(
            Int.self,
            "SELECT coalesce(max(class_index) + 1, 0) FROM semantic_images WHERE tenant = ?",
            [tenant]
        )
        let assignment = ClassAssignment(
            generatorVersion: parts.generatorVersion,
            familySeed: UInt64(bitPattern: family),
            classIndex: index ?? 0,
            textureSeed: try randomSeed()
        )
        try insert(db, assignment, tenant: tenant, label: label)
        return assignment
    }

    func insert(
        _ db: any SQLSession,
        _ assignment: ClassAssignment,
        tenant: String,
        label: String
    ) throws {
        try db.execute(
            """
            INSERT INTO semantic_images
                (tenant, label, generator_version, family_seed, class_index, texture_seed, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                tenant, label, assignment.generatorVersion,
                Int64(bitPattern: assignment.familySeed),
                assignment.classIndex, Int64(bitPattern: assignment.textureSeed), try db.now,
            ]
        )
    }
}

extension ClassAssignment {
    /// Reads the assignment of a class; `nil` if it has none.
    static func fetch(
        _ db: any SQLSession,
        tenant: String,
        label: String
    ) throws -> ClassAssignment? {
        try db.row(
            """
            SELECT generator_version, family_seed, class_index, texture_seed
            FROM semantic_images WHERE tenant = ? AND label = ?
            """,
            [tenant, label]
        ).map(ClassAssignment.init(row:))
    }

    init(row: SQLRow) throws {
        try self.init(
            generatorVersion: row["generator_version"],
            familySeed: UInt64(bitPattern: row["family_seed"]),
            classIndex: row["class_index"],
            textureSeed: UInt64(bitPattern: row["texture_seed"])
        )
    }
}
