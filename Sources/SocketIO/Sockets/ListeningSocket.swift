import CLinux
import Glibc
import POSIX

/// Creates the sockets that a ``Listener`` accepts from.
enum ListeningSocket {
    /// Binds a socket and listens.
    ///
    /// For a Unix-domain address, it replaces a socket file on which nobody listens any more. The
    /// owner and the group of the new file may connect.
    ///
    /// - Throws: ``SocketError``.
    static func make(
        on address: SocketAddress,
        backlog: Int32
    ) throws(SocketError) -> FileDescriptor {
        var raw = try address.raw()
        let socket = FileDescriptor(owning: try check("socket", clinux_socket_stream(&raw)))
        if case .unix(let path) = address {
            try removeStale(path, &raw)
            try check("bind", clinux_bind(socket.number, &raw))
            do throws(SystemError) {
                try FileSystem.setPermissions(0o660, of: path)
            } catch {
                throw SocketError(error)
            }
        } else {
            try check("setsockopt", clinux_reuse_address(socket.number))
            try check("bind", clinux_bind(socket.number, &raw))
        }
        try check("listen", listen(socket.number, backlog))
        return socket
    }

    /// Takes over the one socket that systemd passes to this process (sd_listen_fds(3)).
    ///
    /// - Throws: ``SocketError`` with `ENOTCONN` if there is none, or more than one.
    static func inherited() throws(SocketError) -> FileDescriptor {
        let first: Int32 = 3
        defer {
            // Keep child processes from taking the socket for theirs.
            unsetenv("LISTEN_PID")
            unsetenv("LISTEN_FDS")
            unsetenv("LISTEN_FDNAMES")
        }
        guard let pid = getenv("LISTEN_PID"), let count = getenv("LISTEN_FDS"),
            String(cString: pid) == "\(getpid())",
            String(cString: count) == "1"
        else { throw SocketError(operation: "socket activation", number: ENOTCONN) }
        let socket = FileDescriptor(owning: first)
        try check("fcntl", fcntl(first, F_SETFD, FD_CLOEXEC))
        try check("fcntl", fcntl(first, F_SETFL, fcntl(first, F_GETFL) | O_NONBLOCK))
        return socket
    }

    /// Returns the address that a socket is bound to.
    static func address(of socket: borrowing FileDescriptor) throws(SocketError) -> SocketAddress? {
        var raw = clinux_address()
        try check("getsockname", clinux_local_address(socket.number, &raw))
        return SocketAddress(raw)
    }

    @discardableResult
    private static func check(_ operation: String, _ result: Int32) throws(SocketError) -> Int32 {
        let number = errno
        guard result >= 0 else { throw SocketError(operation: operation, number: number) }
        return result
    }

    /// Removes a socket file that a dead process has left behind.
    ///
    /// Anything else stays, and `bind` reports it.
    private static func removeStale(
        _ path: String,
        _ raw: inout clinux_address
    ) throws(SocketError) {
        guard (try? FileStatus(of: path, followingLinks: false).kind) == .socket else { return }
        let probe = FileDescriptor(owning: try check("socket", clinux_socket_stream(&raw)))
        guard clinux_connect(probe.number, &raw) != 0, errno == ECONNREFUSED else { return }
        _ = try? FileSystem.unlink(path)
    }
}
