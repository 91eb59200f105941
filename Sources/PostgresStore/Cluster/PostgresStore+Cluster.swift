import JobModel
public import Queue
import SQLStore

extension PostgresStore {
    private static var duty: String { "housekeeping" }

    /// Takes or keeps the lease of the leader, by the database's clock.
    public func lead(as node: String, for period: Duration) async throws(StoreError) -> Bool {
        try await write { db in
            try db.execute(
                """
                INSERT INTO leaders (duty, node, term, until) VALUES (:duty, :node, 1, :until)
                ON CONFLICT (duty) DO UPDATE SET node = excluded.node, until = excluded.until,
                    term = leaders.term + CASE WHEN leaders.node = excluded.node THEN 0 ELSE 1 END
                WHERE leaders.node = excluded.node OR leaders.until <= :now
                """,
                [
                    "duty": Self.duty, "node": node, "now": db.now,
                    "until": db.now + period.milliseconds,
                ]
            ) > 0
        }
    }

    /// Ends the lease of the leader, if it is this node's, and removes the node's row.
    public func leave(as node: String) async throws(StoreError) {
        try await write { db in
            try db.execute(
                "UPDATE leaders SET until = :now WHERE duty = :duty AND node = :node",
                ["duty": Self.duty, "node": node, "now": db.now]
            )
            _ = try db.execute("DELETE FROM nodes WHERE name = ?", [node])
        }
    }

    /// Writes a node's row.
    public func report(_ node: NodeReport) async throws(StoreError) {
        try await write { db in
            try db.mayBeForgotten()
            _ = try db.execute(
                """
                INSERT INTO nodes (name, role, version, place, codecs, pixels_per_second, downloads,
                    seen_at)
                VALUES (:name, :role, :version, :place, :codecs, :speed, :downloads, :now)
                ON CONFLICT (name) DO UPDATE SET role = excluded.role, version = excluded.version,
                    place = excluded.place, codecs = excluded.codecs, pixels_per_second = excluded.pixels_per_second,
                    downloads = excluded.downloads, seen_at = excluded.seen_at
                """,
                [
                    "name": node.name, "role": node.role.rawValue, "version": node.version,
                    "place": node.place, "codecs": node.codecs,
                    "speed": node.pixelsPerSecond, "now": db.now,
                    "downloads": node.downloads.map(\.text).sorted().joined(separator: " "),
                ]
            )
        }
    }

    /// Reads the rows of nodes that are alive.
    public func nodes(seenWithin period: Duration) async throws(StoreError) -> [NodeReport] {
        try await readOnce { db in
            try db.rows(
                "SELECT * FROM nodes WHERE seen_at > ? ORDER BY name",
                [db.now - period.milliseconds]
            ).map { row in
                let downloads: String = try row["downloads"]
                return try NodeReport(
                    name: row["name"],
                    role: Self.role(row["role"]),
                    version: row["version"],
                    place: row["place"],
                    codecs: row["codecs"],
                    pixelsPerSecond: row["pixels_per_second"],
                    downloads: Set(
                        downloads.split(separator: " ").compactMap { JobIdentifier(String($0)) }
                    )
                )
            }
        }
    }

    /// Reads the nodes' rows, and the server's own count of its connections.
    public func census(within period: Duration) async throws(StoreError) -> ClusterCensus? {
        try await readOnce { db in
            let rows = try db.rows(
                "SELECT name, role, version, seen_at FROM nodes WHERE seen_at > ? ORDER BY name",
                [db.now - period.milliseconds]
            )
            let server = try db.rows(
                """
                SELECT CAST(sum(numbackends) AS bigint) AS connections,
                    CAST(current_setting('max_connections') AS bigint) AS max_connections
                FROM pg_stat_database
                """
            )
            let connections: Int? = try server.first?["connections"]
            let maxConnections: Int? = try server.first?["max_connections"]
            let now = try db.now
            return ClusterCensus(
                nodes: try rows.map { row in
                    let seen: Int64 = try row["seen_at"]
                    return try ClusterCensus.Node(
                        name: row["name"],
                        role: Self.role(row["role"]),
                        version: row["version"],
                        silence: .milliseconds(max(now - seen, 0))
                    )
                },
                connections: connections ?? 0,
                maxConnections: maxConnections ?? 0
            )
        }
    }

    /// Reads what a node does; what a newer version may write besides counts as serving.
    private static func role(_ text: String) -> NodeRole { NodeRole(rawValue: text) ?? .server }

    /// What the connections, the clock and the hints have counted.
    public var link: DatabaseLink? {
        var link = pool.link
        link.clockOffset = clock.offsetFromWall
        hintCounts.add(to: &link)
        return link
    }

    /// Reads a value.
    public func agreed(on name: String) async throws(StoreError) -> String? {
        try await readOnce { db in
            try db.value(String.self, "SELECT value FROM cluster WHERE name = ?", [name])
        }
    }

    /// Writes a value unless there is one, and returns the one that is there.
    public func agree(on name: String, _ value: String) async throws(StoreError) -> String {
        try await write { db in
            try db.execute(
                "INSERT INTO cluster (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                [name, value]
            )
            return try db.value(String.self, "SELECT value FROM cluster WHERE name = ?", [name])
                ?? value
        }
    }
}
