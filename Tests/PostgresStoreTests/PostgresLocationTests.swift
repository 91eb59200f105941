import Queue
import SQLStore
import Testing

@testable import PostgresStore

@Suite struct PostgresLocationTests {
    @Test(arguments: [
        "postgres://me@host/db", "postgresql://me@host:5433/db",
        "postgres://me@one:1,two:2,[2001:db8::7]:3/db", "postgres://[::1]:5432/db",
        "postgres:///db?host=/run/postgresql&user=me", "postgres://host:5432/a%40b", "postgres://",
        "postgres://me@host/db?passfile=/etc/palimpsest/pgpass",
    ])
    func `A description is the URL`(url: String) throws {
        #expect(try PostgresLocation(url).description == url)
    }

    @Test(arguments: [
        "postgres://me:secret@host/db", "postgres://me:secret@[::1]:5432/db",
        "postgres://me:secret@one:1,two:2/db", "postgres://me:sec%40ret%3Fsecret@host/db",
        "postgres://me@host/db?password=secret", "postgres:///db?user=me&password=secret",
        "postgres://host/db?schema=Big", "postgres://host/db?schema=",
        "postgres://host/db?schema=1st", "postgres://host/db?schema=a;b",
        "postgres://host/db?schema=\(String(repeating: "a", count: 49))",
        "postgres://host/db?schema=pg_mine", "postgres://host%ZZ/db", "postgres://host%00/db",
        "postgres://host/db?nonsense",
        "postgres://me:secret%ZZ@host/db", "postgres://me:secret%2",
        "postgres://me:secret%00@host/",
        "postgres://me:secret@host/db?secret", "mysql://me:secret@host/db",
        "host=h password=secret",
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
        "postgres://me@[::1", "postgres://me@[::1]x/db", "postgres://me@[]/db",
        "postgres://me@/db?host=/nowhere&nonsense=x",
    ])
    func `What only libpq refuses is told`(url: String) throws {
        let pool = PostgresPool(try PostgresLocation(url), width: 1)
        #expect {
            try pool.runNow { _, _ in }
        } throws: { error in
            if case .unavailable = error as? StoreError { true } else { false }
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
