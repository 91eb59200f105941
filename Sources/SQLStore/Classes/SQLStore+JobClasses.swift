import Cryptography
import JobModel
import Queue

/// What a job hides in the photos of each class: a list of imported pictures, or what the generator
/// draws. It is frozen when the job is accepted.
///
/// An import replaces a class's list, but the old list and its files stay until the last job that
/// was accepted with it is erased or expires. An image that is claimed late or retried therefore
/// gets the same secret as the others of its class.
extension SQLStore {
    /// Freezes the classes of a new job.
    static func settleClasses(
        _ db: any SQLSession,
        job: Int64,
        tenant: APIKeyID,
        labels: [ClassLabel]
    ) throws {
        let statement = """
            INSERT INTO job_classes (job, label, list) VALUES (
                :job, :label,
                (SELECT id FROM picture_lists WHERE tenant = :tenant AND label = :label AND is_current = 1)
            )
            """
        for label in labels {
            try db.execute(
                statement,
                [
                    "job": job, "label": label.text, "tenant": tenant.text,
                ]
            )
        }
    }

    /// Releases the lists of a job that was erased or has expired.
    ///
    /// - Returns: The pictures of lists that were thereby removed; other rows may refer to some of
    ///   them.
    static func releaseClasses(_ db: any SQLSession, job: Int64) throws -> Set<[UInt8]> {
        let lists = try Set(
            db.values(
                Int64.self,
                "SELECT list FROM job_classes WHERE job = ? AND list IS NOT NULL",
                [job]
            )
        )
        try db.execute("DELETE FROM job_classes WHERE job = ?", [job])
        return try lists.reduce(into: []) { $0.formUnion(try removeIfUnused(db, list: $1)) }
    }

    /// Gives a class a list of pictures; it must have none.
    static func insertList(_ db: any SQLSession, _ imported: ImportedClass, tenant: APIKeyID) throws
    {
        let list = try db.value(
            Int64.self,
            "INSERT INTO picture_lists (tenant, label, is_current) VALUES (?, ?, 1) RETURNING id",
            [tenant.text, imported.label.text]
        )
        guard let list else { throw damaged("list of pictures") }
        let statement = "INSERT INTO listed_pictures (list, position, sha256) VALUES (?, ?, ?)"
        for (position, picture) in imported.pictures.enumerated() {
            try db.execute(statement, [list, position, picture.sha256.bytes])
        }
    }

    /// Detaches the current list from a class; jobs may keep using it.
    static func retireList(_ db: any SQLSession, tenant: APIKeyID, label: ClassLabel) throws {
        let list = try db.value(
            Int64.self,
            """
            UPDATE picture_lists SET is_current = 0 \
            WHERE tenant = ? AND label = ? AND is_current = 1 RETURNING id
            """,
            [tenant.text, label.text]
        )
        if let list { _ = try removeIfUnused(db, list: list) }
    }

    /// Removes every list that no class or job uses.
    ///
    /// Deleting a job's row directly leaves such lists, because nothing released them. The sweep
    /// for orphans removes their pictures.
    static func removeUnusedLists(_ db: any SQLSession) throws {
        try db.execute(
            """
            DELETE FROM picture_lists
            WHERE is_current = 0 AND NOT EXISTS (SELECT 1 FROM job_classes WHERE list = picture_lists.id)
            """
        )
    }

    /// Removes a list if no class or job uses it.
    ///
    /// - Returns: The list's pictures, if it was removed.
    private static func removeIfUnused(_ db: any SQLSession, list: Int64) throws -> Set<[UInt8]> {
        let isUsed = try db.value(
            Bool.self,
            """
            SELECT EXISTS (SELECT 1 FROM picture_lists WHERE id = :list AND is_current = 1)
                OR EXISTS (SELECT 1 FROM job_classes WHERE list = :list)
            """,
            ["list": list]
        )
        guard isUsed != true else { return [] }
        let pictures = try Set(
            db.values(
                [UInt8].self,
                "DELETE FROM listed_pictures WHERE list = ? RETURNING sha256",
                [list]
            )
        )
        try db.execute("DELETE FROM picture_lists WHERE id = ?", [list])
        return pictures
    }
}
