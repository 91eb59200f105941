import POSIX

/// A socket call that failed.
public struct SocketError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The name of the call, such as `bind`.
    public let operation: String

    /// The errno of the call.
    public let number: Int32

    /// Creates an error from an errno, which the caller must have read right after the call.
    public init(operation: String, number: Int32) {
        self.operation = operation
        self.number = number
    }

    init(_ error: SystemError) {
        self.init(operation: error.call, number: error.code)
    }

    /// The call and the error's text, such as `bind: Address already in use`.
    public var description: String {
        SystemError(call: operation, code: number).description
    }
}
