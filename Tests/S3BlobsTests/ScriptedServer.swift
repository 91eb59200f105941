import Foundation
import Glibc
import Synchronization

/// A server on 127.0.0.1 that answers each request with the next of its answers, and then closes.
///
/// An empty answer closes the connection without a word.
final class ScriptedServer: Sendable {
    let port: UInt16
    private let socket: Int32
    private let answers: Mutex<[String]>
    private let seen = Mutex<[String]>([])

    /// The requests so far: the header of each.
    var requests: [String] { seen.withLock(\.self) }

    init(_ answers: [String]) throws {
        self.answers = Mutex(answers)
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = socket
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, length) == 0 && listen(socket, 8) == 0
                    && getsockname(socket, address, &length) == 0
            }
        }
        guard isOpen else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in while serve() {} }
    }

    deinit { close(socket) }

    /// Answers one request; whether there is another answer.
    private func serve() -> Bool {
        let connection = accept(socket, nil, nil)
        guard connection >= 0 else { return false }
        defer { close(connection) }
        let end = Array("\r\n\r\n".utf8)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while bytes.firstRange(of: end) == nil {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return true }
            bytes += buffer[..<count]
        }
        let header = String(
            decoding: bytes[..<(bytes.firstRange(of: end)?.lowerBound ?? 0)],
            as: UTF8.self
        )
        seen.withLock { $0.append(header) }
        var missing = Self.length(in: header) - (bytes.count - header.utf8.count - end.count)
        while missing > 0 {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            missing -= count
        }
        let (answer, isLast) = answers.withLock { answers in
            (answers.isEmpty ? "" : answers.removeFirst(), answers.isEmpty)
        }
        _ = answer.withCString { write(connection, $0, strlen($0)) }
        return !isLast
    }

    private static func length(in header: String) -> Int {
        let line = header.split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
        }
        return line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
    }

    /// An answer with a body, after which the connection is closed.
    static func answer(_ status: Int, _ body: String = "", headers: [String] = []) -> String {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + headers
        return (lines + ["Connection: close", "", body]).joined(separator: "\r\n")
    }

    /// An answer that is an error of S3.
    static func error(_ status: Int, _ code: String, headers: [String] = []) -> String {
        answer(status, "<Error><Code>\(code)</Code><Message>m</Message></Error>", headers: headers)
    }
}
