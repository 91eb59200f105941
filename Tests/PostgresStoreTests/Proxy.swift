import Foundation
import Glibc
import Synchronization
import Testing

/// A way to the server that a test can cut, also exactly at a commit.
final class Proxy: Sendable {
    /// When the way is cut.
    enum Cut: Sendable {
        case never
        /// When the next COMMIT comes, which the server never sees.
        case beforeCommit
        /// When the server has answered the next COMMIT, which the client never sees.
        case afterCommit
        /// At once, for everyone.
        case always
    }

    /// The folder of the socket, as PostgreSQL's clients name it.
    let folder: String
    private let server: String
    private let listener: Int32
    private let cut = Mutex(Cut.never)
    private let open = Mutex<Set<Int32>>([])
    private let cuts = Atomic<Int>(0)

    init() throws {
        folder =
            FileManager.default.temporaryDirectory.path + "/proxy-"
            + UUID().uuidString.prefix(8).lowercased()
        server = Server.folder + "/.s.PGSQL.5432"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let path = folder + "/.s.PGSQL.5432"
        let listener = listener
        try #require(Self.withAddress(path) { bind(listener, $0, $1) } == 0)
        try #require(listen(listener, 16) == 0)
        Thread.detachNewThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                Thread.detachNewThread { self.serve(client) }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// How often the way was cut at a commit.
    var commitsCut: Int { cuts.load(ordering: .sequentiallyConsistent) }

    /// Says when the way is cut.
    func set(_ cut: Cut) {
        self.cut.withLock { $0 = cut }
        guard case .always = cut else { return }
        open.withLock { for end in $0 { shutdown(end, Int32(SHUT_RDWR)) } }
    }

    /// Takes the cut, so that the next COMMIT passes.
    private func takeCut(_ wanted: Cut) -> Bool {
        cut.withLock { cut in
            switch (cut, wanted) {
            case (.beforeCommit, .beforeCommit), (.afterCommit, .afterCommit):
                cut = .never
                cuts.add(1, ordering: .sequentiallyConsistent)
                return true
            case (.always, .always): return true
            default: return false
            }
        }
    }

    private func serve(_ client: Int32) {
        let backend = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        defer { for end in [client, backend] { close(end) } }
        guard !takeCut(.always), Self.withAddress(server, { connect(backend, $0, $1) }) == 0 else {
            return
        }
        open.withLock { $0.formUnion([client, backend]) }
        defer { open.withLock { $0.subtract([client, backend]) } }
        var swallowsAnswer = false
        while true {
            var ends = [client, backend].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&ends, 2, -1) > 0 else { return }
            if ends[1].revents != 0 {
                guard let bytes = Self.read(backend) else { return }
                if swallowsAnswer { return }
                guard Self.write(bytes, to: client) else { return }
            } else if ends[0].revents != 0 {
                guard let bytes = Self.read(client) else { return }
                if bytes.contains(Array("COMMIT\0".utf8)) {
                    if takeCut(.beforeCommit) { return }
                    swallowsAnswer = takeCut(.afterCommit)
                }
                guard Self.write(bytes, to: backend) else { return }
            }
        }
    }

    private static func read(_ end: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(end, &buffer, buffer.count)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    private static func write(_ bytes: [UInt8], to end: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(end, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
