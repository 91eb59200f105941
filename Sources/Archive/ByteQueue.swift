/// Bytes that have come in and that no decoder has consumed yet.
///
/// Appending and consuming are amortised constant per byte.
struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var start = 0

    /// The number of bytes waiting.
    var count: Int { storage.count - start }

    /// Adds bytes at the end.
    mutating func append(_ bytes: [UInt8]) {
        if start == storage.count {
            storage = bytes
        } else {
            storage.removeSubrange(..<start)
            storage += bytes
        }
        start = 0
    }

    /// The first so many bytes, which stay; `nil` if there are not as many.
    func peek(_ amount: Int) -> [UInt8]? {
        count >= amount ? Array(storage[start..<(start + amount)]) : nil
    }

    /// Consumes so many bytes, if there are as many.
    mutating func take(_ amount: Int) -> [UInt8]? {
        count >= amount ? take(upTo: amount) : nil
    }

    /// Consumes at most so many bytes.
    mutating func take(upTo most: Int) -> [UInt8] {
        let amount = min(count, most)
        defer { discard(amount) }
        // The usual case within a member: hand the storage over instead of copying it.
        return start == 0 && amount == storage.count ? storage : Array(storage[start..<(start + amount)])
    }

    /// Forgets the first so many bytes, which must be there.
    mutating func discard(_ amount: Int) {
        start += amount
        guard start == storage.count else { return }
        storage = []
        start = 0
    }

    /// The waiting bytes.
    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}
