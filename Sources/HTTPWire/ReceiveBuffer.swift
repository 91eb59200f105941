/// Bytes that have come in and that no decoder has consumed yet.
///
/// Appending and consuming are amortised constant per byte, and a line that arrives byte by byte is scanned once: the buffer
/// remembers how far it has looked. It has no bound of its own; its owner stops reading instead.
public struct ReceiveBuffer: Sendable, Equatable {
    /// What ``takeLine(maxBytes:)`` found.
    public enum Line: Sendable, Equatable {
        /// No LF yet, and there is room for one.
        case incomplete
        /// No LF within the allowed bytes.
        case tooLong
        /// An LF that does not follow a CR.
        case malformed
        /// A line without its CR LF. It may still hold bare CRs.
        case line([UInt8])
    }

    private var storage: [UInt8] = []
    private var start = 0
    /// How many bytes from `start` are known to hold no LF.
    private var scanned = 0

    /// Creates an empty buffer.
    public init() {}

    /// The number of bytes waiting.
    public var count: Int { storage.count - start }

    /// Whether no byte is waiting.
    public var isEmpty: Bool { count == 0 }

    /// The first waiting byte.
    public var first: UInt8? { isEmpty ? nil : storage[start] }

    /// Adds bytes at the end.
    public mutating func append(_ bytes: some Collection<UInt8>) {
        if start == storage.count {
            storage.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 16 << 10, start > storage.count / 2 {
            storage.removeSubrange(..<start)
            start = 0
        }
        storage.append(contentsOf: bytes)
    }

    /// Consumes a line that ends in CR LF within `maxBytes` bytes, its end included.
    public mutating func takeLine(maxBytes: Int) -> Line {
        let window = min(count, max(maxBytes, 0))
        guard let offset = indexOfLineFeed(from: scanned, to: window) else {
            scanned = window
            return count >= maxBytes ? .tooLong : .incomplete
        }
        guard offset > 0, storage[start + offset - 1] == Grammar.carriageReturn else { return .malformed }
        let line = Array(storage[start..<(start + offset - 1)])
        discard(offset + 1)
        return .line(line)
    }

    /// Consumes at most `maxBytes` bytes.
    public mutating func take(upTo maxBytes: Int) -> [UInt8] {
        let amount = min(count, maxBytes)
        if start == 0, amount == storage.count {
            // The usual case of a body: hand the storage over instead of copying it.
            let bytes = storage
            storage = []
            scanned = 0
            return bytes
        }
        let bytes = Array(storage[start..<(start + amount)])
        discard(amount)
        return bytes
    }

    /// Forgets the first `amount` bytes, which must be there.
    public mutating func discard(_ amount: Int) {
        start += amount
        scanned = 0
    }

    /// The waiting byte at `offset`, if it has come.
    func byte(at offset: Int) -> UInt8? {
        offset < count ? storage[start + offset] : nil
    }

    /// The waiting bytes.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    private func indexOfLineFeed(from lower: Int, to upper: Int) -> Int? {
        guard lower < upper else { return nil }
        return withUnsafeBytes { bytes in
            UnsafeRawBufferPointer(rebasing: bytes[..<upper]).firstOffset(of: Grammar.lineFeed, from: lower)
        }
    }
}
