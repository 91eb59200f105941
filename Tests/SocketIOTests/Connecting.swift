import Glibc

@testable import SocketIO

/// A blocking client socket connected to an address of this machine.
func connectBlocking(to address: SocketAddress) throws -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    defer { if let list { freeaddrinfo(list) } }
    guard getaddrinfo(address.host, "\(address.port)", &hints, &list) == 0, let info = list?.pointee
    else {
        throw SocketError(operation: "getaddrinfo", number: EINVAL)
    }
    let descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    let result = connect(descriptor, info.ai_addr, info.ai_addrlen)
    let number = errno
    guard result == 0 else {
        close(descriptor)
        throw SocketError(operation: "connect", number: number)
    }
    return descriptor
}
