import Glibc

/// A socket call that failed.
public struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name of the call, such as `bind`.
    public let operation: String

    /// The error number that it left.
    public let number: Int32

    /// Creates an error from a number that the caller has captured at once.
    public init(operation: String, number: Int32) {
        self.operation = operation
        self.number = number
    }

    /// Such as `bind: Address already in use`.
    public var description: String {
        var text = [CChar](repeating: 0, count: 128)
        guard strerror_r(number, &text, text.count) == 0 else { return "\(operation): error \(number)" }
        let message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(operation): \(message)"
    }
}
