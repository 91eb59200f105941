/// Bytes that have been received but not yet consumed by a decoder.
///
/// Appending and consuming take amortised constant time per byte. A line that arrives byte by byte
/// is scanned once, since the buffer remembers how far it has looked. The buffer itself is
/// unbounded; its owner must stop reading instead.
public struct ReceiveBuffer: Sendable, Equatable {
    /// What ``takeLine(maxBytes:)`` found.
    public enum Line: Sendable, Equatable {
        /// No LF yet, and the limit is not reached.
        case incomplete
        /// No LF within the limit.
        case tooLong
        /// An LF without a preceding CR.
        case malformed
        /// A line without its CR LF. It may still hold bare CRs.
        case line([UInt8])
    }

    private static let largeBytes = 32 << 10

    private var storage: [UInt8] = []
    private var start = 0
    /// The number of bytes from `start` known to hold no LF.
    private var scanned = 0

    /// Creates an empty buffer.
    public init() {}

    /// The number of buffered bytes.
    public var count: Int { storage.count - start }

    /// Whether no byte is buffered.
    public var isEmpty: Bool { count == 0 }

    /// The first buffered byte.
    public var first: UInt8? { isEmpty ? nil : storage[start] }

    /// Appends a block of bytes, which is kept rather than copied if the buffer is empty.
    public mutating func append(_ bytes: [UInt8]) {
        guard isEmpty else { return append(bytes[...]) }
        storage = bytes
        start = 0
        scanned = 0
    }

    /// Appends bytes.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if start == storage.count {
            storage.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 16 << 10, start > storage.count / 2 {
            storage.removeSubrange(..<start)
            start = 0
        }
        if storage.capacity == 0, bytes.count >= Self.largeBytes {
            // More of a body follows, and growing would copy what is there.
            storage.reserveCapacity(6 * Self.largeBytes)
        }
        storage.append(contentsOf: bytes)
    }

    /// Consumes a line that ends in CR LF within `maxBytes` bytes, line end included.
    public mutating func takeLine(maxBytes: Int) -> Line {
        let window = min(count, max(maxBytes, 0))
        guard let offset = indexOfLineFeed(from: scanned, to: window) else {
            scanned = window
            return count >= maxBytes ? .tooLong : .incomplete
        }
        guard offset > 0, storage[start + offset - 1] == Grammar.carriageReturn else {
            return .malformed
        }
        let line = Array(storage[start..<(start + offset - 1)])
        discard(offset + 1)
        return .line(line)
    }

    /// Consumes at most `maxBytes` bytes.
    public mutating func take(upTo maxBytes: Int) -> [UInt8] {
        let amount = min(count, maxBytes)
        if start == 0, amount == storage.count {
            // The usual case for a body: hand over the storage instead of copying it.
            let bytes = storage
            storage = []
            scanned = 0
            return bytes
        }
        let bytes = Array(storage[start..<(start + amount)])
        discard(amount)
        return bytes
    }

    /// Discards the first `amount` bytes, which must be present.
    public mutating func discard(_ amount: Int) {
        start += amount
        scanned = 0
    }

    /// Returns the buffered byte at `offset`, or `nil` if it has not arrived.
    func byte(at offset: Int) -> UInt8? {
        offset < count ? storage[start + offset] : nil
    }

    /// Calls `body` with the buffered bytes.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    private func indexOfLineFeed(from lower: Int, to upper: Int) -> Int? {
        guard lower < upper else { return nil }
        return withUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[..<upper]).firstOffset(
                of: Grammar.lineFeed,
                from: lower
            )
        }
    }
}
