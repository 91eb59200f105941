import Glibc

/// A file descriptor with one owner, closed when the owner is gone.
public struct Descriptor: ~Copyable, Sendable {
    /// The number, for calls that do not close it.
    public let number: Int32

    /// Takes over an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Hands the descriptor to an owner that closes it in its own way.
    consuming func release() -> Int32 {
        let number = number
        discard self
        return number
    }
}
