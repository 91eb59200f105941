/// One step of the database schema.
public struct Migration: Sendable, Equatable {
    /// Its place in the order, from 1 without gaps.
    public let version: Int
    /// Its file's name without the extension, such as `m0001_initial`.
    public let name: String
    /// The file's bytes: statements that end with semicolons.
    public let sql: [UInt8]
    /// The oldest schema whose binaries still work after this step.
    ///
    /// A step that only adds what earlier statements never see leaves the binaries of the schema
    /// before at work, so that servers can be replaced one by one. All others name their own
    /// version.
    public let oldestBinary: Int
    /// Whether the statements of this binary need the step.
    ///
    /// A binary may bring a step that only the next release needs.
    public let isNeeded: Bool

    /// A step, which by default only binaries that know it can work with.
    public init(
        version: Int,
        name: String,
        sql: [UInt8],
        oldestBinary: Int? = nil,
        isNeeded: Bool = true
    ) {
        self.version = version
        self.name = name
        self.sql = sql
        self.oldestBinary = oldestBinary ?? version
        self.isNeeded = isNeeded
    }
}

/// The forward-only SQL migrations, embedded in the binary.
///
/// A file that was ever released is never edited: databases remember the hash of each one they applied.
public enum Migrations {
    /// All of them, in order; every file `mNNNN_name.sql` of the folder is here.
    public static let all = [
        Migration(version: 1, name: "m0001_initial", sql: PackageResources.m0001_initial_sql),
        Migration(
            version: 2,
            name: "m0002_imported_semantic_images",
            sql: PackageResources.m0002_imported_semantic_images_sql
        ),
        Migration(
            version: 3,
            name: "m0003_semantic_images_version_2",
            sql: PackageResources.m0003_semantic_images_version_2_sql
        ),
        Migration(version: 4, name: "m0004_key_limits", sql: PackageResources.m0004_key_limits_sql),
        Migration(version: 5, name: "m0005_queue", sql: PackageResources.m0005_queue_sql),
        Migration(
            version: 6,
            name: "m0006_image_endings",
            sql: PackageResources.m0006_image_endings_sql
        ),
        Migration(
            version: 7,
            name: "m0007_attachments",
            sql: PackageResources.m0007_attachments_sql
        ),
        Migration(version: 8, name: "m0008_expiry", sql: PackageResources.m0008_expiry_sql),
        Migration(
            version: 9,
            name: "m0009_frozen_classes",
            sql: PackageResources.m0009_frozen_classes_sql
        ),
        Migration(version: 10, name: "m0010_sources", sql: PackageResources.m0010_sources_sql),
        Migration(version: 11, name: "m0011_clock", sql: PackageResources.m0011_clock_sql),
        Migration(
            version: 12,
            name: "m0012_class_places",
            sql: PackageResources.m0012_class_places_sql
        ),
        Migration(version: 13, name: "m0013_claims", sql: PackageResources.m0013_claims_sql),
        Migration(
            version: 14,
            name: "m0014_webhooks",
            sql: PackageResources.m0014_webhooks_sql,
            oldestBinary: 13
        ),
    ]

    /// Those of a PostgreSQL database, in order; every file `postgres_NNNN_name.sql` is here.
    public static let postgres = [
        Migration(
            version: 1,
            name: "postgres_0001_initial",
            sql: PackageResources.postgres_0001_initial_sql
        )
    ]
}
