import Cryptography
import FoundationEssentials
import GRDB
import JobModel
import Queue

/// What a job hides in the photos of each class, settled when it is accepted: a list of imported pictures, or what the generator draws.
///
/// A list that an import replaces stays, with its files, until the last job that was accepted with it is erased or has expired. So
/// neither an image that is claimed late nor one that is tried again gets another secret than the others of its class.
extension SQLiteStore {
    /// Settles the classes of a new job.
    static func settleClasses(_ db: Database, job: Int64, tenant: APIKeyID, labels: [ClassLabel]) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO job_classes (job, label, list) VALUES (
                    :job, :label,
                    (SELECT id FROM picture_lists WHERE tenant = :tenant AND label = :label AND is_current = 1)
                )
                """
        )
        for label in labels {
            try statement.execute(arguments: ["job": job, "label": label.text, "tenant": tenant.text])
        }
    }

    /// Lets go of what a job that is erased or has expired holds on to.
    ///
    /// - Returns: The pictures of lists that went with it; others may refer to some of them.
    static func releaseClasses(_ db: Database, job: Int64) throws -> Set<Data> {
        let lists = try Int64.fetchSet(
            db,
            sql: "SELECT list FROM job_classes WHERE job = ? AND list IS NOT NULL",
            arguments: [job]
        )
        try db.execute(sql: "DELETE FROM job_classes WHERE job = ?", arguments: [job])
        return try lists.reduce(into: []) { $0.formUnion(try removeIfUnused(db, list: $1)) }
    }

    /// Gives a class a list of pictures; it must have none.
    static func insertList(_ db: Database, _ imported: ImportedClass, tenant: APIKeyID) throws {
        try db.execute(
            sql: "INSERT INTO picture_lists (tenant, label, is_current) VALUES (?, ?, 1)",
            arguments: [tenant.text, imported.label.text]
        )
        let list = db.lastInsertedRowID
        let statement = try db.cachedStatement(
            sql: "INSERT INTO listed_pictures (list, position, sha256) VALUES (?, ?, ?)"
        )
        for (position, picture) in imported.pictures.enumerated() {
            try statement.execute(arguments: [list, position, Data(picture.sha256.bytes)])
        }
    }

    /// Takes its list away from a class; jobs may hold on to it.
    static func retireList(_ db: Database, tenant: APIKeyID, label: ClassLabel) throws {
        let list = try Int64.fetchOne(
            db,
            sql:
                "UPDATE picture_lists SET is_current = 0 WHERE tenant = ? AND label = ? AND is_current = 1 RETURNING id",
            arguments: [tenant.text, label.text]
        )
        if let list { _ = try removeIfUnused(db, list: list) }
    }

    /// Removes every list that neither a class nor a job has any more, such as of jobs whose rows went as they were; its pictures are
    /// left to the sweep for orphans.
    static func removeUnusedLists(_ db: Database) throws {
        try db.execute(
            sql: """
                DELETE FROM picture_lists
                WHERE is_current = 0 AND NOT EXISTS (SELECT 1 FROM job_classes WHERE list = picture_lists.id)
                """
        )
    }

    /// Removes a list that neither a class nor a job has any more.
    ///
    /// - Returns: Its pictures, if it went.
    private static func removeIfUnused(_ db: Database, list: Int64) throws -> Set<Data> {
        let isUsed = try Bool.fetchOne(
            db.cachedStatement(
                sql: """
                    SELECT EXISTS (SELECT 1 FROM picture_lists WHERE id = :list AND is_current = 1)
                        OR EXISTS (SELECT 1 FROM job_classes WHERE list = :list)
                    """
            ),
            arguments: ["list": list]
        )
        guard isUsed != true else { return [] }
        let pictures = try Data.fetchSet(
            db,
            sql: "DELETE FROM listed_pictures WHERE list = ? RETURNING sha256",
            arguments: [list]
        )
        try db.execute(sql: "DELETE FROM picture_lists WHERE id = ?", arguments: [list])
        return pictures
    }
}
