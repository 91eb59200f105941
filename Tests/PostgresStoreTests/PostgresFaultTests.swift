import Foundation
import Queue
import SQLStore
import Testing

@testable import PostgresStore

@Suite struct PostgresFaultStateTests {
    @Test(arguments: [
        ("40001", true, false), ("40P01", true, false), ("55P03", true, false),
        ("23503", true, false), ("23505", false, false), ("42601", false, false),
        ("57P01", false, true), ("57P02", false, true), ("57P03", false, true),
        ("57014", false, false), ("08006", false, true), ("53300", false, true),
        ("25006", false, true), ("53100", false, false),
    ])
    func `A state tells whether to try again at once, later or never`(
        state: String,
        isTransient: Bool,
        isOutage: Bool
    ) {
        let fault = PostgresFault(state: state, message: "", isLost: false)
        #expect(fault.isTransient == isTransient)
        #expect(fault.isOutage == isOutage)
        if case .unavailable = fault.storeError {
            #expect(isOutage)
        } else {
            #expect(!isOutage)
        }
    }

    @Test(arguments: ["57014", "40001", "40P01", "55P03", "53200", "53400"])
    func `What took too long, or too much of the server, passes`(state: String) {
        #expect(PostgresFault(state: state, message: "", isLost: false).storeError == .busy)
    }
}

/// What the store makes of failures, which a server really produces here.
@Suite(Server.isThere) struct PostgresFaultTests {
    private let schema = Server.newName()
    private let pool: PostgresPool

    init() throws {
        try Server.psql(
            "CREATE SCHEMA \(schema); CREATE TABLE \(schema).t (id int PRIMARY KEY, x int)"
        )
        try Server.psql("INSERT INTO \(schema).t VALUES (1, 0), (2, 0)")
        pool = PostgresPool(try Server.location(schema: schema), width: 4)
    }

    /// The fault of a script on a connection of its own.
    private func failure(_ script: String) -> PostgresFault? {
        do {
            _ = try connect(script)
            return nil
        } catch {
            return error as? PostgresFault
        }
    }

    private func connect(_ script: String = "") throws -> PostgresConnection {
        let location = try Server.location(schema: schema)
        let connection = try PostgresConnection(location.connectionString)
        try connection.run("SET search_path TO \(schema); " + script)
        return connection
    }

    private func drop() { _ = try? Server.psql("DROP SCHEMA \(schema) CASCADE") }

    @Test func `A key that is there already is an error, and is not tried again`() throws {
        defer { drop() }
        let fault = try #require(failure("INSERT INTO t VALUES (1, 1)"))
        #expect(fault.state == "23505")
        #expect(!fault.isTransient && !fault.isOutage && !fault.isLost)
        guard case .database(code: "23505", _) = fault.storeError else {
            Issue.record("\(fault.storeError)")
            return
        }
        var runs = 0
        #expect(throws: StoreError.self) {
            try pool.runNow { connection, _ in
                runs += 1
                try connection.run("INSERT INTO t VALUES (1, 1)")
            }
        }
        #expect(runs == 1)
    }

    @Test func `A statement that is wrong is an error that names neither values nor passwords`()
        throws
    {
        defer { drop() }
        let fault = try #require(failure("SELEKT 'secret'"))
        #expect(fault.state == "42601")
        #expect(!fault.isTransient && !fault.isOutage && !fault.isLost)
        #expect(fault.message == "syntax error at or near \"SELEKT\"")
    }

    @Test func `A deadlock is transient, and the transaction runs again`() async throws {
        defer { drop() }
        let (one, other) = (
            try connect(
                "SET deadlock_timeout = '100ms'; BEGIN; UPDATE t SET x = 1 WHERE id = 1"
            ),
            try connect("SET deadlock_timeout = '100ms'; BEGIN; UPDATE t SET x = 2 WHERE id = 2")
        )
        async let first = faultOf { try one.run("UPDATE t SET x = 1 WHERE id = 2") }
        async let second = faultOf { try other.run("UPDATE t SET x = 2 WHERE id = 1") }
        let faults = await [first, second].compactMap(\.self)
        #expect(faults.count == 1)
        #expect(faults.first?.state == "40P01")
        #expect(faults.first?.isTransient == true && faults.first?.isOutage == false)
    }

    @Test func `A lock that is not to be had is transient, and in the end an error`() async throws {
        defer { drop() }
        let holder = try connect("BEGIN; UPDATE t SET x = 1 WHERE id = 1")
        let fault = try #require(
            failure("SET lock_timeout = '10ms'; UPDATE t SET x = 2 WHERE id = 1")
        )
        #expect(fault.state == "55P03")
        #expect(fault.isTransient && !fault.isOutage)
        var runs = 0
        #expect(throws: StoreError.self) {
            try pool.runNow { connection, _ in
                runs += 1
                try connection.run("SET lock_timeout = '10ms'; UPDATE t SET x = 2 WHERE id = 1")
            }
        }
        #expect(runs == 9)
        try holder.run("COMMIT")
        try pool.runNow { connection, _ in try connection.run("UPDATE t SET x = 2 WHERE id = 1") }
    }

    @Test func `A backend that is terminated is an outage and a lost connection`() throws {
        defer { drop() }
        let connection = try connect()
        let row = try #require(
            try connection.execute("SELECT pg_backend_pid()", []).rows.first
        )
        let process = try #require(try row.value(at: 0) as Int?)
        let found = try faultOfNow {
            try connection.run("SELECT pg_terminate_backend(\(process)), pg_sleep(5)")
        }
        // libpq answers with the end of the connection, which has no state of the server's.
        #expect(found.isLost && found.isOutage && !found.isTransient)
        #expect(try faultOfNow { try connection.run("SELECT 1") }.isLost)
        #expect(!connection.isConnected)
        guard case .unavailable = found.storeError else {
            Issue.record("\(found.storeError)")
            return
        }
    }

    @Test(arguments: ["host=/nowhere", "host=127.0.0.1&port=1", "host=no-such-host.invalid"])
    func `A server that nobody reaches is an outage at once`(place: String) throws {
        defer { drop() }
        let location = try PostgresLocation("postgres:///postgres?\(place)")
        let start = ContinuousClock.now
        let fault = try faultOfNow { _ = try PostgresConnection(location.connectionString) }
        #expect(fault.isLost && fault.isOutage && fault.state == nil)
        #expect(ContinuousClock.now - start < .seconds(6))
    }

    private func faultOf(_ body: @escaping @Sendable () throws -> Void) async -> PostgresFault? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                do {
                    try body()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error as? PostgresFault)
                }
            }
        }
    }

    private func faultOfNow(_ body: () throws -> Void) throws -> PostgresFault {
        do {
            try body()
        } catch let fault as PostgresFault {
            return fault
        }
        throw StoreError.corrupt("there was no fault")
    }
}
