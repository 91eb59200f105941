import POSIX

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

    init(_ error: SystemError) {
        self.init(operation: error.call, number: error.code)
    }

    /// Such as `bind: Address already in use`.
    public var description: String {
        SystemError(call: operation, code: number).description
    }
}
