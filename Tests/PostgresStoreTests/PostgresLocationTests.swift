import SQLStore
import Testing

@testable import PostgresStore

@Suite struct PostgresLocationTests {
    @Test(arguments: [
        ("postgres://me:secret@host/db", "postgres://me@host/db"),
        ("postgresql://me:secret@host:5433/db", "postgresql://me@host:5433/db"),
        ("postgres://me:secret:secret@host/db", "postgres://me@host/db"),
        ("postgres://me:sec%40ret%3F@host/db", "postgres://me@host/db"),
        ("postgres://me:secret?secret@host/db", "postgres://me@host/db"),
        ("postgres://me:secret@[::1]:5432/db", "postgres://me@[::1]:5432/db"),
        (
            "postgres://me:secret@one:1,two:2,[2001:db8::7]:3/db",
            "postgres://me@one:1,two:2,[2001:db8::7]:3/db"
        ),
        ("postgres://me@host/db?password=secret", "postgres://me@host/db"),
        ("postgres:///db?host=/run/postgresql&user=me&password=secret", "postgres:///db"),
        ("postgres://host:5432/a%40b", "postgres://host:5432/a%40b"),
        ("postgres://", "postgres://"),
    ])
    func `A description says where the database is, without the password`(
        url: String,
        description: String
    ) throws {
        let location = try PostgresLocation(url)
        #expect(location.description == description)
        #expect("\(location)" == description)
        #expect(!location.description.contains("secret"))
    }

    @Test(arguments: [
        "postgres://me:secret%ZZ@host/db", "postgres://me:secret%2",
        "postgres://me:secret%00@host/",
        "postgres://me:secret@host/db?secret", "mysql://me:secret@host/db",
        "host=h password=secret",
        "postgres://me:secret@host/db?schema=Big", "postgres://me:secret@host/db?schema=",
        "postgres://me:secret@host/db?schema=1st", "postgres://me:secret@host/db?schema=a;b",
        "postgres://me:secret@host/db?schema=\(String(repeating: "a", count: 64))",
        "postgres://me:secret@host/db?schema=pg_mine",
        "postgres://me:sec/secret@host/db", "postgres://me:pass@secret@host/db",
    ])
    func `What is no place is refused, without the password`(url: String) {
        #expect {
            try PostgresLocation(url)
        } throws: { error in
            !"\(error)".contains("secret") && error is PostgresLocation.Fault
        }
    }

    @Test(arguments: [
        "postgres://me:secret@[::1", "postgres://me:secret@[::1]x/db", "postgres://me:secret@[]/db",
        "postgres://me:secret@/db?host=/nowhere&nonsense=secret",
    ])
    func `What only libpq refuses is told without the password`(url: String) throws {
        let pool = PostgresPool(try PostgresLocation(url), width: 1)
        #expect {
            try pool.runNow { _, _ in }
        } throws: { error in
            !"\(error)".contains("secret")
        }
    }

    @Test func `The schema is ours, and everything else libpq's`() throws {
        let location = try PostgresLocation(
            "postgres://me@host/db?schema=mine&connect_timeout=1&sslmode=verify-full"
        )
        #expect(location.schema == "mine")
        #expect(!location.connectionString.contains("schema"))
        #expect(location.connectionString.contains("sslmode=verify-full"))
        #expect(location.connectionString.contains("connect_timeout=1&"))
        #expect(!location.connectionString.contains("connect_timeout=5"))
        #expect(try PostgresLocation("postgres:///db").schema == "palimpsest")
    }

    @Test(Server.isThere) func `A name is percent-encoded as in every URL`() throws {
        let url = try #require(Server.url)
        let encoded = url.replacing("user=palimpsest", with: "user=p%61limpsest")
        let pool = PostgresPool(try PostgresLocation(encoded), width: 1)
        let user = try pool.runNow { connection, _ in
            try connection.execute("SELECT current_user", []).rows.first?.value(at: 0) as String?
        }
        #expect(user == "palimpsest")
    }
}
