/// Bytes that have been received but not yet consumed by a decoder.
///
/// Appending and consuming take amortised constant time per byte.
struct ByteQueue: Sendable {
    private var storage: [UInt8] = []
    private var start = 0

    /// The number of buffered bytes.
    var count: Int { storage.count - start }

    /// Appends bytes.
    mutating func append(_ bytes: [UInt8]) {
        if start == storage.count {
            storage = bytes
        } else {
            storage.removeSubrange(..<start)
            storage += bytes
        }
        start = 0
    }

    /// Returns the first `amount` bytes without consuming them, or nil if fewer are buffered.
    func peek(_ amount: Int) -> [UInt8]? {
        count >= amount ? Array(storage[start..<(start + amount)]) : nil
    }

    /// Removes and returns `amount` bytes, or nil if fewer are buffered.
    mutating func take(_ amount: Int) -> [UInt8]? {
        count >= amount ? take(upTo: amount) : nil
    }

    /// Removes and returns at most `most` bytes.
    mutating func take(upTo most: Int) -> [UInt8] {
        let amount = min(count, most)
        defer { discard(amount) }
        // The usual case within a member: hand over the storage instead of copying it.
        return start == 0 && amount == storage.count
            ? storage : Array(storage[start..<(start + amount)])
    }

    /// Discards the first `amount` bytes, which must be present.
    mutating func discard(_ amount: Int) {
        start += amount
        guard start == storage.count else { return }
        storage = []
        start = 0
    }

    /// Calls `body` with the buffered bytes.
    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }
}
