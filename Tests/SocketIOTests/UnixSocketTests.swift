import CLinux
import Foundation
import Testing

@testable import SocketIO

@Suite("Unix-domain sockets") struct UnixSocketTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "palimpsest-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private func listener(_ path: String) throws -> Listener {
        try Listener(
            address: .unix(path: path),
            on: QueueExecutor(label: "tests.listener")
        ) { _, _ in .accept }
    }

    @Test("The file comes and goes with the listener, and is for owner and group")
    func life() async throws {
        try await withFolder { folder in
            let path = folder + "/s"
            let listener = try listener(path)
            await listener.start()
            #expect(listener.address == .unix(path: path))
            let mode =
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o660)
            await listener.close()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(
        "A file that nobody listens on any more is replaced; one that is in use, and any other file, is not"
    )
    func stale() async throws {
        try await withFolder { folder in
            let path = folder + "/s"
            // Bound and closed without unlinking: what a process that was killed leaves behind.
            var raw = try SocketAddress.unix(path: path).raw()
            let left = clinux_socket_stream(&raw)
            #expect(clinux_bind(left, &raw) == 0)
            close(left)
            let first = try listener(path)
            await first.start()
            #expect(throws: SocketError(operation: "bind", number: EADDRINUSE)) {
                try listener(path)
            }
            await first.close()
            try "precious".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: SocketError(operation: "bind", number: EADDRINUSE)) {
                try listener(path)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        }
    }

    @Test("A path that does not fit is refused")
    func long() {
        let path = "/tmp/" + String(repeating: "a", count: 103)
        #expect(throws: SocketError(operation: "parse address", number: ENAMETOOLONG)) {
            try listener(path)
        }
    }

    @Test("Without systemd there is no socket to take over")
    func inherited() {
        #expect(throws: SocketError(operation: "socket activation", number: ENOTCONN)) {
            try Listener(
                inheritingOn: QueueExecutor(label: "tests.listener"),
                onExhaustion: { _ in },
                onAccept: { _, _ in .accept }
            )
        }
    }
}
