/// Names one claim of one image: 16 random bytes.
///
/// It fences off a worker that has lost its lease. The owner and the number of the attempt do not:
/// if a database forgets the commit of a claim, the same owner may get the same attempt twice.
public struct ClaimToken: Sendable, Hashable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Reads what a store kept; `nil` unless it is 16 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    private init() {
        // Two numbers, since each costs a system call.
        let halves = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        bytes = withUnsafeBytes(of: halves) { Array($0) }
    }

    /// Draws a token that no other claim has.
    public static func random() -> ClaimToken { ClaimToken() }
}
